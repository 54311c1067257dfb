/** Holes in what was measured: where a line ends, where it begins again, and where nothing is known at all. */

import type { Span, Values } from "./types";

/** A hole longer than so many steps is a gap. */
const TOLERANCE = 1.5;
/** So many spacings are looked at together, as the platform does for a sensor's usual interval. */
const TOGETHER = 9;
/** And at so many places of a line. */
const PLACES = 500;

/** Whether there is a number at a place: null, undefined and NaN are none. */
export function isKnown(value: number | null | undefined): value is number {
  return value != null && value === value;
}

/**
 * The gaps of one line: from its last value before a hole to its first behind it. Two numbers each, flat and ascending.
 * Nulls closer together than the step are no gap: they are the instants of other lines.
 */
export function lineGaps(times: ArrayLike<number>, values: Values, stepMs: number): number[] {
  const gaps: number[] = [];
  const longest = stepMs * TOLERANCE;
  let before = Number.NaN;
  for (let i = 0; i < times.length; i++) {
    if (!isKnown(values[i])) continue;
    const time = times[i] as number;
    if (time - before > longest) gaps.push(before, time);
    before = time;
  }
  return gaps;
}

/** When there are values of any line. */
export interface Known {
  /** Of the first and the last of them; undefined where there is none. */
  first: number | undefined;
  last: number | undefined;
  /** Between them: flat pairs, the last value before a hole and the first behind it. */
  holes: readonly number[];
}

/** Looks through all data once; `emptySpans` then answers for any range. */
export function knownTimes(times: ArrayLike<number>, lines: readonly Values[], stepMs: number): Known {
  const longest = stepMs * TOLERANCE;
  const holes: number[] = [];
  let first: number | undefined;
  let last = Number.NaN;
  for (let i = 0; i < times.length; i++) {
    if (!anyKnown(lines, i)) continue;
    const time = times[i] as number;
    first ??= time;
    if (time - last > longest) holes.push(last, time);
    last = time;
  }
  return { first, last: first === undefined ? undefined : last, holes };
}

/**
 * Where no line has a value, within `range` as far as it had passed by `until`. A value stands for one step from its time on,
 * so a gap begins a step behind the last value before it.
 */
export function emptySpans({ first, last, holes }: Known, stepMs: number, range: Span, until: number): Span[] {
  const end = Math.min(range.to, until);
  const spans: Span[] = [];
  const add = (from: number, to: number) => {
    const span = { from: Math.max(from, range.from), to: Math.min(to, end) };
    if (span.to > span.from) spans.push(span);
  };
  if (first === undefined || last === undefined) {
    add(range.from, end);
    return spans;
  }
  // Where the grid of values lies in the range is chance, and of a window that it cuts nothing is said.
  if (first - range.from > stepMs * TOLERANCE) add(range.from, first);
  for (let i = 0; i < holes.length; i += 2) add((holes[i] as number) + stepMs, holes[i + 1] as number);
  if (end - last > stepMs * TOLERANCE) add(last + stepMs, end);
  return spans;
}

/** Milliseconds in all spans together. */
export function totalLength(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + span.to - span.from, 0);
}

/** The shortest distance between neighbours: what one value stands for where nobody says it. 0 for fewer than two. */
export function shortestStep(times: ArrayLike<number>): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 1; i < times.length; i++) {
    const step = (times[i] as number) - (times[i - 1] as number);
    if (step > 0 && step < shortest) shortest = step;
  }
  return Number.isFinite(shortest) ? shortest : 0;
}

/**
 * How far apart the values of a line usually are, ms, `leastMs` (the window) at least: the longest of the running medians of nine
 * spacings. What was sent every half hour first and every second now has steps of half an hour, so that its first part is no row
 * of gaps; single holes, however long, do not count. Of long lines some places are looked at.
 */
export function usualStep(times: ArrayLike<number>, values: Values, leastMs: number): number {
  const known = new Float64Array(times.length);
  let count = 0;
  for (let i = 0; i < times.length; i++) if (isKnown(values[i])) known[count++] = times[i] as number;
  const spacings = count - 1;
  const stride = Math.max(1, Math.floor(spacings / PLACES));
  const near = new Float64Array(TOGETHER);
  let longest = leastMs;
  for (let first = 0; first + TOGETHER <= spacings; first += stride) {
    for (let i = 0; i < TOGETHER; i++) near[i] = (known[first + i + 1] as number) - (known[first + i] as number);
    longest = Math.max(longest, near.sort()[TOGETHER >> 1] as number);
  }
  return longest;
}

function anyKnown(lines: readonly Values[], i: number): boolean {
  for (const values of lines) if (isKnown(values[i])) return true;
  return false;
}
