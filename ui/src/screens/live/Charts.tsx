import { useQuery } from "@tanstack/react-query";
import { memo, useMemo, useState, type ReactNode } from "react";
import { ask } from "../../api/query";
import { TimeChart, type Line, type Question, usualStep } from "../../charts";
import { Button, PHONE, Select, useMedia } from "../../forms";
import { t } from "../../i18n";
import { useLatest, useStrip } from "../../live";
import { Panel, Skeleton, Stale, type PanelQuery } from "../../states";
import { useZone } from "../../time";
import css from "./live.module.css";
import { merged, type Strip } from "./merged";
import { useShown } from "./shown";
import { useHeld } from "./useHeld";
import type { Row } from "./useRows";

const HEIGHT = 150;
/** What a panel holds beside its chart, and what it adds around both, px; on a phone the tools have a row of their own, for fingers. */
const ROUND = { desk: { chart: 55, panel: 70 }, phone: { chart: 98, panel: 82 } } as const;
/** How many strips there are until somebody chooses. */
export const SUGGESTED = 4;
/** How much more than what is seen is fetched, for scrolling back while it is paused. */
const BACK = 4;
/** Steps of live values are uneven: a hole is one of more than three. */
const UNEVEN = 2;
export const QUIET_MS = 300_000;

interface ChartsProps {
  readonly charts: readonly Row[];
  readonly spanMs: number;
  readonly pausedAt: number | null;
  readonly state: PanelQuery<unknown>;
  readonly onUnpin: (key: string) => void;
}

/** A strip for each pinned series; on a phone one of them at a time. */
export function Charts({ charts, spanMs, pausedAt, state, onUnpin }: ChartsProps): ReactNode {
  const phone = useMedia(PHONE);
  const round = ROUND[phone ? "phone" : "desk"];
  const [chosen, setChosen] = useState<string | null>(null);
  if (state.data === undefined && charts.length === 0) {
    return state.error == null ? (
      <div className={css["charts"]}>
        {Array.from({ length: phone ? 1 : SUGGESTED }, (_, n) => (
          <Skeleton key={n} height={HEIGHT + round.chart + round.panel} />
        ))}
      </div>
    ) : null;
  }
  const one = charts.find((row) => row.key === chosen) ?? charts[0];
  const shown = phone ? (one ? [one] : []) : charts;
  return (
    <div className={css["charts"]}>
      {phone && charts.length > 1 && (
        <Select label={t("live.chart")} value={one?.key ?? null} onChange={setChosen} options={charts.map((row) => ({ value: row.key, label: titleOf(row), detail: row.site }))} />
      )}
      {shown.map((row) => (
        <StripChart key={row.key} row={row} skeletonPx={HEIGHT + round.chart} spanMs={spanMs} pausedAt={pausedAt} onUnpin={onUnpin} />
      ))}
    </div>
  );
}

const titleOf = (row: Row): string => `${row.sensor} · ${row.metric}`;

function questionOf({ site, sensor, metric }: Row, spanMs: number): Question {
  return { start: `-${(spanMs * BACK) / 1_000}s`, fetch: { value: { where: { site, sensor, metric }, fn: "raw" } }, max_points: 2_400 };
}

/** What was before the page was opened, asked for once: from then on values come by themselves. */
function useHistory(row: Row, spanMs: number) {
  const { key } = row;
  const question = useMemo(() => questionOf(row, spanMs), [key, spanMs]);
  const answer = useQuery({
    queryKey: ["strip", question],
    queryFn: async ({ signal }): Promise<Strip & { unit: string }> => {
      const { columns, times } = await ask(question, signal);
      return { times: [...times], values: (columns["value"] ?? []) as (number | null)[], unit: String(columns["unit"]?.[0] ?? "") };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  return { answer, question };
}

interface StripProps {
  readonly row: Row;
  readonly skeletonPx: number;
  readonly spanMs: number;
  readonly pausedAt: number | null;
  readonly onUnpin: (key: string) => void;
}

const StripChart = memo(function StripChart({ row, skeletonPx, spanMs, pausedAt, onUnpin }: StripProps): ReactNode {
  const { key, site, metric } = row;
  const zone = useZone();
  const shown = useShown();
  const { answer, question } = useHistory(row, spanMs);
  const strip = useHeld(useStrip(key, (spanMs * BACK) / 1_000), pausedAt !== null);
  const newest = useHeld(useLatest(key), pausedAt !== null);
  const unit = newest?.unit ?? (row.unit || answer.data?.unit || "");
  const { times, values } = useMemo(() => merged(answer.data ?? { times: [], values: [] }, strip), [answer.data, strip]);
  const lines = useMemo<Line[]>(
    () => [{ id: key, label: metric, unit: shown.unit({ metric, unit }), values: values.map((value) => shown.value(value, { metric, unit })) }],
    [key, metric, unit, values, shown],
  );
  const step = useMemo(() => usualStep(times, values, 0) || undefined, [times, values]);
  const range = useMemo(() => (pausedAt === null ? { from: 0, to: spanMs } : { from: pausedAt - spanMs, to: pausedAt }), [pausedAt, spanMs]);
  const [last, at] = [values.at(-1), times.at(-1)];
  return (
    <Panel
      title={titleOf(row)}
      state={answer}
      skeleton={<Skeleton height={skeletonPx} />}
      actions={
        <>
          <span className={css["where"]}>{site}</span>
          <Button tone="quiet" icon="close" aria-label={t("live.unpin", { series: titleOf(row) })} onPress={() => onUnpin(key)} />
        </>
      }
    >
      <TimeChart
        title={titleOf(row)}
        isTitleHidden
        lead={
          <span className={css["now"]}>
            {at === undefined ? "–" : (
              <Stale ts={at} interval={Math.max(step ?? 0, QUIET_MS)}>
                {shown.write(last, { metric, unit })}
              </Stale>
            )}
          </span>
        }
        times={times}
        lines={lines}
        zone={zone}
        height={HEIGHT}
        {...(step === undefined ? {} : { stepMs: step * UNEVEN })}
        range={range}
        live={pausedAt === null}
        syncKey="live"
        exportAs={question}
      />
    </Panel>
  );
});
