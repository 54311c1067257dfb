import { windowFor } from "../../api/windows";
import type { Question } from "../../charts";
import type { Degrees } from "../../app/settings";
import type { Series } from "./live";

/** Points of a line: twice what a chart is wide, at most. */
const POINTS = 700;

export interface Asked {
  question: Question;
  /** How far apart values are, ms. */
  stepMs: number;
}

/**
 * The question for some metrics of a battery over [from, to) (epoch ms); null where it measures none of them. `units` says in which
 * unit each metric is wanted.
 */
export function questionOf(site: string, series: readonly Series[], units: Readonly<Record<string, string>>, { from, to }: { from: number; to: number }, zone: string): Asked | null {
  const wanted = series.filter((one) => one.metric != null && one.metric in units);
  if (wanted.length === 0) return null;
  const interval = Math.min(...wanted.map((one) => one.interval_ms ?? 0));
  const window = windowFor(to - from, POINTS, interval);
  const fetch = wanted.map((one) => [one.metric!, { where: { site, sensor: one.sensor_id, metric: one.metric }, fn: "mean", unit: units[one.metric!] }] as const);
  return { question: { start: from, end: to, fetch: Object.fromEntries(fetch) as Question["fetch"], window, zone }, stepMs: Math.max(window, interval) };
}

/** What each chart shows, and in which units. */
export const charted = (degrees: Degrees): readonly { id: string; title: "batteries.history" | "batteries.electric" | "batteries.temperature"; units: Readonly<Record<string, string>> }[] => [
  { id: "charge", title: "batteries.history", units: { soc: "%" } },
  { id: "electric", title: "batteries.electric", units: { voltage_v: "V", current_a: "A" } },
  { id: "heat", title: "batteries.temperature", units: { temperature: degrees } },
];
