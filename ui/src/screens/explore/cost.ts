/** What a question will cost, told before it is asked: series that are read, lines, points. */
import { fits } from "../../text/glob";
import { MOST_AUTO, type Ask, type AskRow } from "./ask";
import type { Series } from "./useSeries";

/** Of docs/query.md, "Limits". */
export const LIMITS = { points: 200_000, cells: 2_000_000, lines: 10_000, series: 50_000 } as const;
const MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, mo: 2_592_000_000, y: 31_536_000_000 };
const LADDER = ["1m", "5m", "15m", "1h", "1d", "1w", "1mo"] as const;

/** About how long a window is, ms; undefined for `auto` and for what is no window. A month has 30 days here. */
export function windowMs(window: string): number | undefined {
  const [, count, unit] = /^(\d+)(s|m|h|d|w|mo|y)$/.exec(window) ?? [];
  return unit === undefined ? undefined : Number(count) * (MS[unit] ?? Number.NaN);
}

export function valueOf(one: Series, key: string): string {
  if (key.startsWith("tag:")) return one.tags[key.slice(4)] ?? "";
  return (one as unknown as Record<string, string>)[key] ?? "";
}

/** The series that a row reads. */
export function readBy(row: Pick<AskRow, "metric" | "where">, series: readonly Series[]): Series[] {
  const tests = Object.entries(row.where).filter(([, text]) => text !== "");
  return series.filter((one) => fits(row.metric, one.metric) && tests.every(([key, text]) => fits(text, valueOf(one, key))));
}

export interface Cost {
  readonly series: number;
  readonly lines: number;
  /** Windows per line at most; undefined where readings are asked for, whose number nobody knows before. */
  readonly windows: number | undefined;
  readonly points: number | undefined;
  /** Which limit is exceeded. */
  readonly over: "points" | "lines" | "series" | undefined;
  /** The finest usual window that fits where points are too many. */
  readonly fitting: string | undefined;
}

export function costOf(ask: Ask, series: readonly Series[], spanMs: number): Cost {
  let [read, lines] = [0, 0];
  for (const row of ask.rows) {
    const own = readBy(row, series);
    read += own.length;
    lines += new Set(own.map((one) => JSON.stringify([one.metric, one.unit, ...(row.fn === "raw" ? [one.site, one.sensor] : row.by.map((key) => valueOf(one, key)))]))).size;
  }
  const isRaw = ask.rows.some((row) => row.fn === "raw");
  const count = (window: string) => (window === "all" ? 1 : window === "auto" ? MOST_AUTO : Math.ceil(spanMs / (windowMs(window) ?? spanMs)) + 1);
  const windows = isRaw ? undefined : Math.min(count(ask.window), ask.window === "auto" ? Math.ceil(spanMs / 1_000) : Number.POSITIVE_INFINITY);
  const points = windows === undefined ? undefined : windows * lines;
  const fit = (window: string) => count(window) * lines <= LIMITS.points;
  const over = read > LIMITS.series ? "series" : lines > LIMITS.lines ? "lines" : points !== undefined && ask.window !== "auto" && points > LIMITS.points ? "points" : undefined;
  return { series: read, lines, windows, points, over, fitting: over === "points" ? LADDER.find(fit) : undefined };
}
