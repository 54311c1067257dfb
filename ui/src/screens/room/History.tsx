import { useMemo, type ReactNode } from "react";
import { toLines, useAnswer } from "../../api/query";
import { useDegrees } from "../../app/degrees";
import { TimeChart } from "../../charts";
import { Empty, Panel, Skeleton } from "../../states";
import { t } from "../../i18n";
import { useRange } from "../../time";
import { metricName } from "../building/metrics";
import { chartQuestion, type Place } from "./questions";
import type { Sensor } from "./useRoomOf";

const REFETCH_MS = 15_000;
const HEIGHT = 200;
/** Until it is known how often a sensor reports. */
const USUAL_MS = 60_000;

/** One metric of the room over the range; a line for each of its sensors. */
export function History({ place: { building, room }, sensors }: { place: Place; sensors: readonly Sensor[] }): ReactNode {
  const { from, to, zone, live, set } = useRange();
  const { degrees } = useDegrees();
  const { metric, unit } = sensors[0]!;
  const interval = Math.max(...sensors.map((one) => one.intervalMs ?? USUAL_MS));
  const asked = useMemo(() => chartQuestion({ building, room }, { metric, unit }, degrees, { from, to }, zone, interval), [building, room, metric, unit, degrees, from, to, zone, interval]);
  const answer = useAnswer(asked.question, { refetchMs: live ? REFETCH_MS : false });
  const title = metricName(metric);
  const drawn = useMemo(() => {
    if (answer.data === undefined) return undefined;
    const { times, lines } = toLines(answer.data, (groups) => (sensors.length > 1 ? (groups["sensor_id"] ?? title) : title));
    return { times, lines: asked.isCounter ? lines.map((line) => ({ ...line, kind: "bars" as const })) : lines };
  }, [answer.data, asked.isCounter, sensors.length, title]);
  return (
    <Panel
      title={title}
      state={answer}
      skeleton={<Skeleton height={HEIGHT + 98} />}
      empty={(data) => (data.rows === 0 ? <Empty why={t("building.nothing")} detail={t("building.nothingDetail")} /> : null)}
    >
      {(data) => (
        <TimeChart
          title={title}
          isTitleHidden
          times={drawn!.times}
          lines={drawn!.lines}
          zone={zone}
          height={HEIGHT}
          stepMs={asked.stepMs}
          range={{ from, to }}
          live={live}
          syncKey="room"
          onZoom={(start, end) => set({ from: start, to: end })}
          truth={{ tier: data.meta.tier, downsampled: data.meta.downsampled, asOf: data.asOf }}
          exportAs={asked.question}
        />
      )}
    </Panel>
  );
}
