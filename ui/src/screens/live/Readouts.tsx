import { useEffect, useState, type ReactNode } from "react";
import { Help } from "../../forms";
import { fmt, t } from "../../i18n";
import { board, useLink } from "../../live";
import { useNow } from "../../time/clock";
import { SECOND } from "../../time/zone";
import css from "./live.module.css";

/** Seconds over which readings are counted. */
const COUNTED = 10;

/** How the values flow: how many come, how old they are when they are seen, what waits while it is paused. */
export function Readouts({ series, hasMore, pausedAt }: { series: number; hasMore: boolean; pausedAt: number | null }): ReactNode {
  const now = useNow(SECOND);
  const rate = useRate(now);
  const { merged, refusal, state, since } = useLink();
  const [before, setBefore] = useState(0);
  useEffect(() => {
    if (pausedAt !== null) setBefore(board.taken);
  }, [pausedAt]);
  const [p50, p95] = [board.delays.at(0.5, now), board.delays.at(0.95, now)];
  return (
    <div className={css["readouts"]}>
      <dl className={css["facts"]}>
        <Fact label={t("live.rate")} value={rate === undefined ? "–" : fmt.number(rate, null, 1)} />
        <Fact label={t("live.series")} value={`${fmt.count(series)}${hasMore ? "+" : ""}`} />
        <Fact label={t("live.delay50")} value={p50 === undefined ? "–" : fmt.span(p50)} />
        <Fact label={t("live.delay95")} value={p95 === undefined ? "–" : fmt.span(p95)} />
        {pausedAt !== null && <Fact label={t("live.waiting")} value={fmt.count(Math.max(0, board.taken - before))} isMarked />}
        {merged > 0 && <Fact label={t("live.merged")} value={fmt.count(merged)} isMarked />}
        {state === "paused" && <Fact label={t("live.silent")} value={fmt.span(Math.max(0, now - since))} isMarked />}
      </dl>
      <Help about={t("live.delay95")}>{t("live.delayHelp")}</Help>
      {refusal !== null && (
        <p role="status" className={css["refusal"]}>
          {refusal}
        </p>
      )}
    </div>
  );
}

function Fact({ label, value, isMarked = false }: { label: string; value: string; isMarked?: boolean }): ReactNode {
  return (
    <div data-marked={isMarked || undefined}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Readings per second over the last seconds; undefined until two are over. */
function useRate(now: number): number | undefined {
  const [samples, setSamples] = useState<readonly { now: number; taken: number }[]>([]);
  useEffect(() => {
    setSamples((before) => [...before.slice(-COUNTED), { now, taken: board.taken }]);
  }, [now]);
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.now <= first.now) return undefined;
  return ((last.taken - first.taken) * SECOND) / (last.now - first.now);
}
