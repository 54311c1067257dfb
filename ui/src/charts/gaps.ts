/** Holes in what was measured: where a line ends, where it begins again, and where nothing is known at all. */

import type { Span, Values } from "./types";

/** A hole longer than so many steps is a gap. */
const TOLERANCE = 1.5;

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

/**
 * Where no line has a value, within `range` as far as it had passed by `until`. A value stands for one step from its time on,
 * so a gap begins a step behind the last value before it.
 */
export function emptySpans(
  times: ArrayLike<number>,
  lines: readonly Values[],
  stepMs: number,
  range: Span,
  until: number,
): Span[] {
  const end = Math.min(range.to, until);
  const spans: Span[] = [];
  let known = range.from - stepMs;
  for (let i = firstFrom(times, range.from); i < times.length; i++) {
    const time = times[i] as number;
    if (time >= end) break;
    if (!anyKnown(lines, i)) continue;
    if (time - known > stepMs * TOLERANCE) spans.push({ from: known + stepMs, to: time });
    known = time;
  }
  if (end - known > stepMs * TOLERANCE) spans.push({ from: known + stepMs, to: end });
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

/** The first index whose time is not before `from`. */
export function firstFrom(times: ArrayLike<number>, from: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

function anyKnown(lines: readonly Values[], i: number): boolean {
  for (const values of lines) if (isKnown(values[i])) return true;
  return false;
}
