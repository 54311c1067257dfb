/** A file into the catalog: dropped, judged without changing anything, then taken in as a whole. */
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type ReactNode } from "react";
import { Problem } from "../../api/problem";
import { Button, Dialog, FileDrop, Select, Switch, toast } from "../../forms";
import { fmt, t } from "../../i18n";
import { ErrorState, Skeleton } from "../../states";
import { textOf } from "../../text/decode";
import css from "./catalog.module.css";
import { KINDS, type Kind } from "./kinds";
import { formatOf, kindOf, type Format } from "./formats";
import { importFile, type Verdict, type Verdicts } from "./transfer";

const MAX_BYTES = 8 * 1024 * 1024;
const SHOWN = 200;
/** Faults first, then what changes. */
const ORDER: Record<Verdict["action"], number> = { refused: 0, created: 1, updated: 2, unchanged: 3 };

interface Chosen {
  readonly name: string;
  readonly text: string;
  readonly format: Format;
}

interface Judged {
  readonly verdicts?: Verdicts;
  readonly problem?: unknown;
}

export function ImportDialog({ kind: first, onClose }: { kind: Kind; onClose: () => void }): ReactNode {
  const client = useQueryClient();
  const [kind, setKind] = useState(first);
  const [createMissing, setCreateMissing] = useState(true);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [judged, setJudged] = useState<Judged>({});
  const [busy, setBusy] = useState(false);

  const newest = useRef<object | null>(null);

  async function judge(file: Chosen, of: Kind, missing: boolean): Promise<void> {
    const asked = (newest.current = {});
    setChosen(file);
    setJudged({});
    let answer: Judged;
    try {
      answer = { verdicts: await importFile(file.text, file.format, of, { dryRun: true, createMissing: missing }) };
    } catch (problem) {
      answer = { problem };
    }
    // An answer to what was chosen before must not stand beside what is chosen now.
    if (newest.current === asked) setJudged(answer);
  }

  async function open(file: File): Promise<void> {
    const text = await textOf(file);
    const format = formatOf(file.name, text);
    const of = format === "csv" ? kindOf(text, kind) : kind;
    setKind(of);
    await judge({ name: file.name, text, format }, of, createMissing);
  }

  async function take(file: Chosen): Promise<void> {
    setBusy(true);
    try {
      const done = await importFile(file.text, file.format, kind, { dryRun: false, createMissing });
      await client.invalidateQueries({ queryKey: ["catalog"] });
      toast({ title: t("catalog.imported", { n: done.created + done.updated }), detail: file.name });
      onClose();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      setJudged({ problem });
      setBusy(false);
    }
  }

  const { verdicts, problem } = judged;
  const changes = (verdicts?.created ?? 0) + (verdicts?.updated ?? 0);
  return (
    <Dialog
      title={t("catalog.import")}
      isOpen
      onClose={onClose}
      size="large"
      footer={
        <>
          <Button onPress={onClose}>{t("forms.cancel")}</Button>
          <Button tone="primary" isDisabled={!chosen || !verdicts || verdicts.refused > 0 || changes === 0} isPending={busy} onPress={() => chosen && void take(chosen)}>
            {t("catalog.importN", { n: changes })}
          </Button>
        </>
      }
    >
      <div className={css["stack"]}>
        <FileDrop
          label={t("catalog.dropFile")}
          description={t("catalog.dropHint")}
          accept={[".csv", ".json", ".jsonld", ".txt"]}
          maxBytes={MAX_BYTES}
          onFiles={([file]) => {
            if (file) void open(file);
          }}
        />
        {chosen?.format === "csv" && (
          <div className={css["fields"]}>
            <Select
              label={t("catalog.csvHolds")}
              value={kind}
              options={KINDS.map((value) => ({ value, label: t(`catalog.kind.${value}`) }))}
              onChange={(value) => {
                setKind(value as Kind);
                void judge(chosen, value as Kind, createMissing);
              }}
            />
            {kind === "points" && (
              <Switch
                isSelected={createMissing}
                onChange={(on) => {
                  setCreateMissing(on);
                  void judge(chosen, kind, on);
                }}
              >
                {t("catalog.createMissing")}
              </Switch>
            )}
          </div>
        )}
        {chosen && !verdicts && problem === undefined && <Skeleton kind="rows" lines={4} />}
        {problem !== undefined && <ErrorState problem={problem} />}
        {problem instanceof Problem && problem.errors.length > 0 && (
          <ul>
            {problem.errors.slice(0, SHOWN).map(({ pointer, detail }) => (
              <li key={`${pointer} ${detail}`}>{detail}</li>
            ))}
          </ul>
        )}
        {chosen && verdicts && <VerdictList name={chosen.name} verdicts={verdicts} />}
      </div>
    </Dialog>
  );
}

function VerdictList({ name, verdicts }: { name: string; verdicts: Verdicts }): ReactNode {
  const { created, updated, unchanged, refused, data } = verdicts;
  const rows = data.filter(({ action }) => action !== "unchanged").sort((a, b) => ORDER[a.action] - ORDER[b.action] || a.row - b.row);
  return (
    <section aria-label={t("catalog.wouldChange")}>
      <p role="status">
        <strong>{name}</strong>: {t("catalog.verdicts", { created, updated, unchanged, refused })}
      </p>
      {/* Scrolls, so the keyboard must reach it. */}
      <div className={css["scroll"]} tabIndex={0} role="region" aria-label={t("catalog.verdict")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t(data.some(({ line }) => line !== undefined) ? "catalog.line" : "catalog.row")}</th>
              <th scope="col">{t("catalog.what")}</th>
              <th scope="col">{t("catalog.verdict")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, SHOWN).map((one) => (
              <tr key={`${one.row} ${one.kind} ${one.key}`} data-bad={one.action === "refused" || undefined}>
                <td>{fmt.count(one.line ?? one.row + 1)}</td>
                <td>
                  {one.kind}/{one.key}
                </td>
                <td>
                  {t(`catalog.action.${one.action}`)}
                  {one.detail ? `: ${one.detail}` : ""}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > SHOWN && <p className={css["soft"]}>{t("catalog.moreRows", { n: rows.length - SHOWN })}</p>}
    </section>
  );
}
