import { useMemo, type ReactNode } from "react";
import { toLines, useAnswer } from "../../api/query";
import { useDegrees } from "../../app/degrees";
import { TimeChart } from "../../charts";
import { t, type Key } from "../../i18n";
import { Panel, Skeleton } from "../../states";
import { useRange } from "../../time";
import type { useHealth } from "../batteries/data";
import type { Series } from "./live";
import { charted, questionOf } from "./questions";

const REFETCH_MS = 15_000;
const HEIGHT = 200;
const LINES: Readonly<Record<string, Key>> = { soc: "batteries.soc", voltage_v: "batteries.voltage", current_a: "batteries.current", temperature: "batteries.temperature" };

interface HistoriesProps {
  site: string | undefined;
  series: readonly Series[];
  health: ReturnType<typeof useHealth>;
}

/** Charge, voltage and current, and temperature over the range, with one crosshair. */
export function Histories({ site, series, health }: HistoriesProps): ReactNode {
  const { degrees } = useDegrees();
  const charts = useMemo(() => charted(degrees), [degrees]);
  if (health.data === undefined) {
    return charts.map(({ id, title }) => (
      <Panel key={id} title={t(title)} state={health} skeleton={<Skeleton height={HEIGHT + 110} />}>
        {null}
      </Panel>
    ));
  }
  return charts
    .filter(({ units }) => series.some((one) => one.metric != null && one.metric in units))
    .map(({ id, title, units }) => <History key={id} title={t(title)} site={site ?? ""} series={series} units={units} />);
}

function History({ title, site, series, units }: { title: string; site: string; series: readonly Series[]; units: Readonly<Record<string, string>> }): ReactNode {
  const range = useRange();
  const { from, to, zone, live, set } = range;
  // The series of one battery stay what they are; only their newest values change with every answer.
  const named = JSON.stringify(series.map(({ sensor_id, metric, interval_ms }) => ({ sensor_id, metric, interval_ms })));
  const asked = useMemo(() => questionOf(site, JSON.parse(named) as Series[], units, { from, to }, zone), [site, named, units, from, to, zone]);
  const answer = useAnswer(asked?.question ?? null, { refetchMs: live ? REFETCH_MS : false });
  const drawn = useMemo(() => answer.data && toLines(answer.data, (_, __, metric) => t(LINES[metric ?? ""] ?? "batteries.battery")), [answer.data]);
  return (
    <Panel title={title} state={answer} skeleton={<Skeleton height={HEIGHT + 110} />}>
      {(data) => (
        <TimeChart
          title={title}
          isTitleHidden
          times={drawn!.times}
          lines={drawn!.lines}
          zone={zone}
          height={HEIGHT}
          stepMs={asked?.stepMs}
          range={{ from, to }}
          live={live}
          syncKey="battery"
          onZoom={(start, end) => set({ from: start, to: end })}
          truth={{ tier: data.meta.tier, downsampled: data.meta.downsampled, asOf: data.asOf }}
          exportAs={asked?.question}
        />
      )}
    </Panel>
  );
}
