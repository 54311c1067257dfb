/** A CSV file: what its columns mean, what is wrong with it, and in it goes. */
import type { ReactNode } from "react";
import { Go } from "../../app/Go";
import { Button, FileDrop } from "../../forms";
import { fmt, t } from "../../i18n";
import { ErrorState } from "../../states";
import { csvCell, save } from "../../table";
import { useZone } from "../../time";
import css from "./add.module.css";
import { CsvMapping } from "./CsvMapping";
import { faultOf } from "./mapping";
import type { Fault, Progress } from "./send";
import { useCsv, type Csv } from "./useCsv";

const SHOWN = 50;

export function CsvTab(): ReactNode {
  const csv = useCsv();
  const { file, preview, mapping, stage, progress, problem } = csv;
  if (!file || !preview || !mapping) {
    return (
      <div className={css["stack"]}>
        <FileDrop label={t("add.dropCsv")} description={t("add.dropCsvHint")} accept={[".csv", ".tsv", ".txt", "text/csv"]} onFiles={([one]) => one && csv.open(one)} />
        {problem !== undefined && <ErrorState problem={problem} />}
      </div>
    );
  }
  const fault = faultOf(mapping);
  const busy = stage === "judging" || stage === "sending";
  return (
    <div className={css["stack"]}>
      <p>
        <strong>{file.name}</strong> · {fmt.bytes(file.size)}
      </p>
      {stage !== "sent" && stage !== "stopped" && <CsvMapping preview={preview} mapping={mapping} isDisabled={busy} onChange={csv.map} onReread={csv.reread} />}
      {fault && (
        <p role="status" className={css["bad"]}>
          {t(`add.mapping.${fault}`)}
        </p>
      )}
      {problem !== undefined && <ErrorState problem={problem} />}
      {progress && <ProgressOf csv={csv} progress={progress} size={file.size} />}
      <div className={css["actions"]}>
        {busy ? (
          <Button onPress={csv.stop}>{t("add.stop")}</Button>
        ) : (
          <>
            <Button onPress={csv.reset}>{t("add.otherFile")}</Button>
            {stage === "map" && (
              <Button tone="primary" isDisabled={fault !== null} onPress={csv.judge}>
                {t("add.check")}
              </Button>
            )}
            {stage === "judged" && (
              <Button tone="primary" isDisabled={!progress?.good} onPress={csv.send}>
                {t("add.sendN", { n: progress?.good ?? 0 })}
              </Button>
            )}
            {stage === "stopped" && (
              <Button tone="primary" onPress={csv.send}>
                {t("add.sendAgain")}
              </Button>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function ProgressOf({ csv, progress, size }: { csv: Csv; progress: Progress; size: number }): ReactNode {
  const zone = useZone();
  const { good, refused, faults, sensors, from, to, bytes } = progress;
  const sent = csv.stage === "sending" || csv.stage === "sent" || csv.stage === "stopped";
  const busy = csv.stage === "judging" || csv.stage === "sending";
  return (
    <section aria-label={t("add.progress")} className={css["stack"]}>
      {busy && <progress aria-label={t("add.progress")} className={css["bar"]} max={size} value={bytes} />}
      {/* Read out once it stands still: it would never stop talking. */}
      <p role="status" aria-live={busy ? "off" : "polite"}>
        {busy && `${fmt.percent(bytes / size)} · `}
        {t(sent ? "add.stored" : "add.wouldStore", { n: good })} {t("add.refusedN", { n: refused })}
      </p>
      {csv.stage === "stopped" && <p>{t("add.stopped")}</p>}
      {from !== null && (
        <p className={css["soft"]}>
          {sensors === null
            ? t("add.spansMany", { from: fmt.time(from, zone), to: fmt.time(to, zone) })
            : t("add.spans", { n: sensors, from: fmt.time(from, zone), to: fmt.time(to, zone) })}
        </p>
      )}
      {faults.length > 0 && (
        <>
          {/* Scrolls, so the keyboard must reach it. */}
          <div className={css["scroll"]} tabIndex={0} role="region" aria-label={t("add.why")}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("add.line")}</th>
                  <th scope="col">{t("add.why")}</th>
                </tr>
              </thead>
              <tbody>
                {faults.slice(0, SHOWN).map((one) => (
                  <tr key={one.line}>
                    <td>{fmt.count(one.line)}</td>
                    <td>{one.detail}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Button icon="download" className={css["start"] ?? ""} onPress={() => save("rejects.csv", "text/csv;charset=utf-8", rejects(csv.preview?.header ?? [], faults))}>
            {t("add.rejects", { n: faults.length })}
          </Button>
        </>
      )}
      {csv.stage === "sent" && (
        <p>
          <Go to="/explore">{t("add.toExplore")}</Go> · <Go to="/catalog/$kind" params={{ kind: "unassigned" }}>{t("add.toAssign")}</Go>
        </p>
      )}
    </section>
  );
}

/** The refused records as they were, each with its line and the reason. */
function rejects(header: readonly string[], faults: readonly Fault[]): string {
  const line = (cells: readonly (string | number)[]) => cells.map((cell) => csvCell(cell)).join(",");
  return [line(["line", "code", "reason", ...header]), ...faults.map((one) => line([one.line, one.code, one.detail, ...one.cells])), ""].join("\r\n");
}
