import { useMemo, type ReactNode } from "react";
import { toLines, useAnswer } from "../../api/query";
import { useDegrees } from "../../app/degrees";
import { Sparkline, usualStep } from "../../charts";
import { t } from "../../i18n";
import { Age, isStale, Panel, Skeleton, type PanelQuery } from "../../states";
import { SECOND, useNow as useClock, useRange } from "../../time";
import { isCounter, metricName } from "../building/metrics";
import { chartQuestion } from "./questions";
import css from "./room.module.css";
import { useNow } from "./useNow";
import type { RoomOf, Sensor } from "./useRoomOf";

interface NowProps {
  building: string;
  id: string;
  room: PanelQuery<RoomOf>;
  metrics: readonly string[];
}

/** The newest value of each metric, large, with where it comes from. */
export function Now({ building, id, room, metrics }: NowProps): ReactNode {
  return (
    <Panel title={t("building.nowIn")} state={room} skeleton={<Skeleton height="7.2rem" />}>
      {({ sensors }) => (
        <div className={css["now"]}>
          {metrics.map((metric) => {
            const own = sensors.filter((one) => one.metric === metric);
            // Of several sensors the one that spoke last.
            const newest = own.reduce((best, one) => ((one.ts ?? 0) > (best.ts ?? 0) ? one : best));
            return isCounter(newest.unit) ? null : <Value key={metric} building={building} id={id} sensor={newest} />;
          })}
        </div>
      )}
    </Panel>
  );
}

function Value({ building, id, sensor }: { building: string; id: string; sensor: Sensor }): ReactNode {
  const { write } = useDegrees();
  const { value, ts } = useNow(sensor);
  const clock = useClock(SECOND);
  const stale = ts !== undefined && sensor.intervalMs !== undefined && isStale(ts, sensor.intervalMs, clock);
  return (
    <div className={css["value"]} data-stale={stale || undefined} data-first={sensor.metric === "temperature" || undefined}>
      <span className={css["name"]}>{metricName(sensor.metric)}</span>
      <span className={css["number"]}>
        {stale && <span className={css["last"]}>{t("building.last")} </span>}
        {write(value, sensor.unit)}
      </span>
      <Spark building={building} id={id} sensor={sensor} />
      <span className={css["age"]}>{ts === undefined ? "–" : <Age ts={ts} />}</span>
    </div>
  );
}

/** Asks what the chart below asks, so that it is asked once. */
function Spark({ building, id, sensor }: { building: string; id: string; sensor: Sensor }): ReactNode {
  const { from, to, zone } = useRange();
  const { degrees } = useDegrees();
  const interval = sensor.intervalMs ?? 60_000;
  const { metric, unit } = sensor;
  const asked = useMemo(() => chartQuestion({ building, room: id }, { metric, unit }, degrees, { from, to }, zone, interval), [building, id, metric, unit, degrees, from, to, zone, interval]);
  const answer = useAnswer(asked.question);
  const drawn = useMemo(() => answer.data && toLines(answer.data), [answer.data]);
  const line = drawn?.lines.find((one) => one.id.includes(JSON.stringify(sensor.sensor))) ?? drawn?.lines[0];
  return <Sparkline label={`${metricName(metric)}, ${t("building.overRange")}`} values={line?.values ?? []} times={drawn?.times} stepMs={usualStep(drawn?.times ?? [], line?.values ?? [], asked.stepMs)} unit={line?.unit ?? null} width={150} height={32} />;
}
