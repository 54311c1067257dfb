/** Events as rows: read, merged with those that came live, counted per level and per stretch of time. */
import type { SecurityEvent } from "../../live";
import { addDays, DAY, HOUR, MINUTE, startOf, type Span } from "../../time";

/** One security event; `ts` is epoch ms. */
export interface EventRow {
  readonly id: string;
  readonly ts: number;
  readonly criticality: number;
  readonly message: string;
  readonly source: string;
}

/** From here on an event is drawn as serious, and as grave; Penstock sets no scale, people use one to ten. */
export const SERIOUS = 7;
export const GRAVE = 9;

/** An event as the API and the live connection tell it, where anything may be missing. */
type Told = { readonly [M in "id" | "ts" | "message" | "source"]?: string | null } & { readonly criticality?: number | null };

export function rowOf(told: Told | SecurityEvent): EventRow {
  return {
    id: told.id ?? "",
    ts: Date.parse(told.ts ?? ""),
    criticality: told.criticality ?? 0,
    message: told.message ?? "",
    source: told.source ?? "",
  };
}

/** Both lists as one, newest first, each event once. */
export function merged(stored: readonly EventRow[], live: readonly EventRow[]): readonly EventRow[] {
  const known = new Set(stored.map((row) => row.id));
  const fresh = live.filter((row) => !known.has(row.id));
  return fresh.length ? [...fresh, ...stored].sort((a, b) => b.ts - a.ts) : stored;
}

/** What of the events is shown. */
export interface Narrowing {
  /** Only criticalities above this one. */
  readonly above: number;
  /** Only this criticality. */
  readonly level: number | null;
  readonly source: string | null;
}

export function narrowed(rows: readonly EventRow[], { above, level, source }: Narrowing): readonly EventRow[] {
  return rows.filter((row) => row.criticality > above && (level === null || row.criticality === level) && (source === null || row.source === source));
}

/** How many events there are of each value, greatest value first. */
export function counted<K extends string | number>(rows: readonly EventRow[], key: (row: EventRow) => K): [value: K, count: number][] {
  const counts = new Map<K, number>();
  for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? 1 : -1));
}

const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR] as const;
const MOST_BINS = 60;

/** Begins of the stretches that a histogram of `span` counts by, ascending, and their length; days are local days. */
export function binsOf(span: Span, zone: string): { readonly times: readonly number[]; readonly step: number } {
  const step = STEPS.find((length) => (span.to - span.from) / length <= MOST_BINS);
  const times: number[] = [];
  if (step !== undefined) {
    for (let at = Math.floor(span.from / step) * step; at < span.to; at += step) times.push(at);
    return { times, step };
  }
  const days = Math.ceil((span.to - span.from) / DAY / MOST_BINS);
  for (let at = startOf(span.from, "d", zone); at < span.to; at = addDays(at, days, zone)) times.push(at);
  return { times, step: days * DAY };
}

/** How many rows fall into each bin. */
export function histogram(rows: readonly EventRow[], times: readonly number[]): number[] {
  const counts = new Array<number>(times.length).fill(0);
  for (const { ts } of rows) {
    const bin = binAt(times, ts);
    if (bin >= 0) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** Index of the last time that is not after `ts`; −1 before the first. */
function binAt(times: readonly number[], ts: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? Infinity) <= ts) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
