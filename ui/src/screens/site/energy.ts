/** Energy per day of those who use it, against the same days before. */
import type { QueryAnswer } from "../../api/query";
import type { BarSeries, Question } from "../../charts";
import { addDays, startOf } from "../../time";
import type { FlowAnswer } from "./ask";

export type Period = "week" | "month";

/** Days that are shown, and by how much the days before lie back: whole weeks, so that weekdays meet weekdays. */
export const PERIODS: Readonly<Record<Period, { days: number; shift: string }>> = {
  week: { days: 7, shift: "1w" },
  month: { days: 28, shift: "4w" },
};

/** A day before of which less is known is nothing to compare with. */
const KNOWN = 0.9;

/** Users that have a colour of their own; the others are one. */
const OWN = 6;

/** Local days of a site until `now`; what was before ends as long before, so that today meets as much of its like. */
export function energyQuestion(site: string, period: Period, now: number, zone: string): Question {
  const { days, shift } = PERIODS[period];
  const used = { where: { site }, fn: "energy", by: ["equipment", "sensor"], unit: "Wh" } as const;
  const fetch = { ...used, by: [...used.by] };
  return {
    start: addDays(startOf(now, "d", zone), 1 - days, zone),
    end: now,
    window: "1d",
    zone,
    fetch: { used: fetch, before: { ...fetch, shift } },
  };
}

export interface Users {
  /** Name by asset id. */
  readonly names: ReadonlyMap<string, string>;
  /** Whether these are loads and vehicles; otherwise the grid's meters, for want of them. */
  readonly areLoads: boolean;
}

/** Who uses energy, by what the flow says that meters measure. */
export function usersOf(flow: FlowAnswer): Users {
  const meters = (flow.meters ?? []).map((meter) => ({ node: meter.node ?? "", id: meter.id ?? "", name: meter.name || (meter.id ?? "") }));
  const loads = meters.filter(({ node }) => node === "load" || node === "ev");
  const chosen = loads.length > 0 ? loads : meters.filter(({ node }) => node === "grid");
  return { names: new Map(chosen.map(({ id, name }) => [id, name])), areLoads: loads.length > 0 };
}

export interface DailyEnergy {
  /** Starts of the days, epoch ms. */
  readonly days: number[];
  readonly series: BarSeries[];
  readonly before: (number | null)[];
}

/** The answer as bars: the greatest users by themselves, the rest together; amounts in Wh. */
export function dailyEnergy(answer: QueryAnswer, users: Users, others: string): DailyEnergy {
  const days = [...new Set(answer.times)].sort((a, b) => a - b);
  const place = new Map(days.map((day, i) => [day, i]));
  const used = new Map<string, (number | null)[]>();
  const before = days.map((): number | null => null);
  for (let row = 0; row < answer.rows; row++) {
    const id = String(answer.columns["equipment"]?.[row] || answer.columns["sensor_id"]?.[row] || "");
    const value = answer.columns["value"]?.[row];
    const at = place.get(answer.times[row] ?? Number.NaN);
    if (!users.names.has(id) || typeof value !== "number" || at === undefined) continue;
    if (answer.columns["name"]?.[row] === "before") {
      const isKnown = Number(answer.columns["coverage"]?.[row] ?? 0) >= KNOWN;
      // Once not a number it stays so: a sum without one of its meters is none.
      before[at] = isKnown ? (before[at] ?? 0) + value : Number.NaN;
    } else {
      const values = used.get(id) ?? days.map(() => null);
      used.set(id, values);
      values[at] = (values[at] ?? 0) + value;
    }
  }
  const sorted = [...used].sort(([, a], [, b]) => sumOf(b) - sumOf(a));
  const series = sorted.slice(0, OWN).map(([id, values]): BarSeries => ({ id, label: users.names.get(id) ?? id, values }));
  const rest = sorted.slice(OWN).map(([, values]) => values);
  if (rest.length > 0) series.push({ id: "others", label: others, values: days.map((_, i) => added(rest.map((values) => values[i] ?? null))), color: "--line-7" });
  return { days, series, before: before.map((value) => (Number.isNaN(value) ? null : value)) };
}

function sumOf(values: readonly (number | null)[]): number {
  return values.reduce((sum: number, value) => sum + (value ?? 0), 0);
}

function added(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : sumOf(known);
}
