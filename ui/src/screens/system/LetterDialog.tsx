/** One dead letter: why, what it holds, and what to do with it. */
import { useState, type ReactNode } from "react";
import { Problem } from "../../api/problem";
import { Button, CopyButton, Form, FormActions, Sheet, TextField } from "../../forms";
import { fmt, t } from "../../i18n";
import { Age, Banner, KeyValues, Panel } from "../../states";
import css from "./system.module.css";
import { useIsAdmin } from "./usePipeline";
import { useLetter, useSettle, type WholeLetter } from "./useLetters";
import { named } from "./words";

export function LetterDialog({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const letter = useLetter(id);
  return (
    <Sheet title={t("system.letter")} isOpen size="large" onClose={onClose}>
      <Panel title={id} level={3} actions={<CopyButton iconOnly text={id} label={t("system.copyId")} />} state={letter}>
        {(found) => <Whole letter={found} />}
      </Panel>
    </Sheet>
  );
}

function Whole({ letter }: { letter: WholeLetter }): ReactNode {
  const errors = letter.errors ?? [];
  return (
    <div className={css["stack"]}>
      <KeyValues
        facts={[
          { label: t("system.state"), value: named("state", letter.state ?? "") },
          { label: t("system.code"), value: <code>{letter.code}</code> },
          { label: t("system.source"), value: letter.source ?? "–" },
          { label: t("system.rows"), value: `${fmt.count(letter.rows)} (${fmt.bytes(letter.payload_bytes)})` },
          { label: t("system.received"), value: <Age ts={Date.parse(letter.received_ts ?? "")} /> },
          ...(letter.reason ? [{ label: t("system.reason"), value: letter.reason }] : []),
        ]}
      />
      <p>{letter.detail}</p>
      {errors.length > 0 && (
        <div>
          <h4 className={css["small"]}>{t("system.refusedFor")}</h4>
          <ul className={css["reasons"]}>
            {errors.map((error, i) => (
              // Two faults of one row may read the same.
              <li key={i}>{t("system.row", { n: error.row ?? 0, detail: error.detail ?? error.code ?? "" })}</li>
            ))}
          </ul>
        </div>
      )}
      {letter.state === "open" ? <Mend letter={letter} /> : <pre className={css["raw"]} tabIndex={0}>{letter.payload}</pre>}
    </div>
  );
}

/** The rows to mend, and the two ways out. What was sent is told, with its receipt. */
function Mend({ letter }: { letter: WholeLetter }): ReactNode {
  const isAdmin = useIsAdmin();
  const isText = letter.encoding === "text";
  const original = isText ? (letter.payload ?? "") : "";
  const [rows, setRows] = useState(original);
  const [reason, setReason] = useState("");
  const settle = useSettle(letter);
  const problem = settle.error instanceof Problem ? settle.error : null;
  const isRefused = (letter.errors ?? []).length > 0;
  const isMended = rows.trim() !== "" && rows !== original;
  if (settle.data !== undefined) {
    const { state, accepted, receipt } = settle.data;
    return (
      <Banner icon="check">
        {state === "replayed" ? t("system.replayed", { n: accepted ?? 0 }) : t("system.discarded")} {t("system.receipt")} <code>{receipt}</code>
      </Banner>
    );
  }
  return (
    <>
      <Form label={t("system.mend")} problem={settle.variables?.kind === "replay" ? problem : null} onSubmit={() => settle.mutate({ kind: "replay", mended: isMended ? rows : null })}>
        <TextField
          name="rows"
          label={t("system.content")}
          description={isText ? t("system.contentHint") : t("system.binary")}
          rows={8}
          isCode
          value={rows}
          onChange={setRows}
          isDisabled={isAdmin === false}
        />
        {isAdmin === false && <p className={css["soft"]}>{t("system.adminOnly")}</p>}
        <FormActions>
          {/* What is known to be refused is not what we advise. */}
          <Button type="submit" tone={isMended || !isRefused ? "primary" : "normal"} isDisabled={isAdmin !== true} isPending={settle.isPending && settle.variables.kind === "replay"}>
            {t(isMended ? "system.replayMended" : "system.replayAsIs")}
          </Button>
        </FormActions>
      </Form>
      <Form label={t("system.discard")} problem={settle.variables?.kind === "discard" ? problem : null} onSubmit={() => settle.mutate({ kind: "discard", reason })}>
        <TextField name="reason" label={t("system.reason")} placeholder={t("system.reasonExample")} value={reason} onChange={setReason} isRequired isDisabled={isAdmin === false} />
        <FormActions>
          <Button type="submit" tone="danger" isDisabled={isAdmin !== true} isPending={settle.isPending && settle.variables.kind === "discard"}>
            {t("system.discard")}
          </Button>
        </FormActions>
      </Form>
    </>
  );
}
