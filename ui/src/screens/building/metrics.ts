import { t, type Key } from "../../i18n";

/** Those that people ask of a room first, in this order; others follow by name. */
const FIRST = ["temperature", "humidity", "co2", "power_w", "energy_wh"];
const NAMED = new Set([...FIRST, "pressure", "illuminance"]);

/** What a metric is called; one without a name of its own is called as its sender does. */
export function metricName(metric: string): string {
  return NAMED.has(metric) ? t(`building.metric.${metric}` as Key) : metric.replaceAll("_", " ");
}

/** Each metric once, in the order of a screen. */
export function ordered(metrics: Iterable<string>): string[] {
  const rank = (metric: string) => (FIRST.includes(metric) ? FIRST.indexOf(metric) : FIRST.length);
  return [...new Set(metrics)].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** Whether it is a counter: shown as what was used per stretch of time, not as the count. */
export const isCounter = (unit: string | null): boolean => unit === "Wh";
