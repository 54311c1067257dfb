/** Answers of the Prometheus API in the shape of the query engine's, so that one chart and one table show both. */
import type { QueryAnswer } from "../../api/query";
import { shell } from "../../charts/copyAs";

export interface Matrix {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

const COLUMN: Readonly<Record<string, string>> = { site: "site_id", sensor: "sensor_id", building: "building", room: "room", equipment: "equipment" };

/** Columns of the series of a `query_range`, whose points are `stepMs` apart; NaN and the infinities are no values. */
export function promAnswer(series: readonly Matrix[], stepMs: number, now: number): QueryAnswer {
  const labels = [...new Set(series.flatMap((one) => Object.keys(one.metric)))].filter((label) => !["__name__", "unit"].includes(label)).sort();
  const named = labels.map((label) => [label, COLUMN[label] ?? `tag:${label}`] as const);
  const columns: Record<string, (string | number | null)[]> = { name: [], ts: [], metric: [], unit: [], ...Object.fromEntries(named.map(([, column]) => [column, []])), value: [] };
  for (const { metric, values } of series) {
    for (const [seconds, text] of values) {
      const value = Number(text);
      columns["name"]!.push("promql");
      columns["ts"]!.push(Math.round(seconds * 1_000));
      columns["metric"]!.push(metric["__name__"] ?? null);
      columns["unit"]!.push(metric["unit"] ?? null);
      for (const [label, column] of named) columns[column]!.push(metric[label] ?? "");
      columns["value"]!.push(Number.isFinite(value) ? value : null);
    }
  }
  const ts = columns["ts"] as number[];
  return { columns, times: Float64Array.from(ts), rows: ts.length, asOf: now, stalenessMs: 0, complete: true, meta: { window: stepMs } };
}

/** For a shell: the question as Prometheus takes it. `from` and `to` in epoch ms, `step` in s. */
export function promCurl(origin: string, query: string, { from, to }: { from: number; to: number }, step: number): string {
  const members = [`query=${query}`, `start=${from / 1_000}`, `end=${to / 1_000}`, `step=${step}`];
  return `curl -G ${origin}/prometheus/api/v1/query_range -H "Authorization: Bearer $PENSTOCK_KEY" ${members.map((one) => `--data-urlencode ${shell(one)}`).join(" ")}\n`;
}

const STEPS = [15, 30, 60, 300, 900, 3_600, 10_800, 21_600, 86_400];

/** A usual step (s) that makes at most about 500 points of a range. */
export function stepFor(spanMs: number): number {
  return STEPS.find((step) => spanMs / 1_000 / step <= 500) ?? Math.ceil(spanMs / 500_000);
}
