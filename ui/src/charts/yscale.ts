/** Where a y-scale begins and ends. */
import type { Column } from "./align";
import { isKnown } from "./gaps";
import type { Span } from "./types";

/** Room above and below the values, as a share of their span. */
const PADDING = 0.06;

/**
 * Where a scale begins and ends that shows all of `values`; with `zero`, as bars and stacks need it, zero as well. Values that all lie
 * on one side of zero do not cross it for their room's sake, and a flat line gets room around it.
 */
export function yRange(values: readonly number[], zero: boolean): [number, number] {
  const shown = zero ? [0, ...values] : values;
  if (shown.length === 0) return [0, 1];
  const low = Math.min(...shown);
  const high = Math.max(...shown);
  if (low === 0 && high === 0) return [0, 1];
  const room = high > low ? (high - low) * PADDING : Math.abs(high) * 0.1 || 1;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high <= 0 ? Math.min(0, high + room) : high + room];
}

/**
 * The values that a line passes through at the edges of what is seen, from points outside to points inside: a scale that holds them cuts
 * no line off at its side. Where a neighbour has no value nothing is drawn, and nothing is given. Steps keep the value before.
 */
export function edgeValues(times: ArrayLike<number>, values: ArrayLike<number | null | undefined>, view: Span, isStep = false): number[] {
  return [view.from, view.to].flatMap((edge) => {
    const after = firstFrom(times, edge);
    const [t0, t1, v0, v1] = [times[after - 1], times[after], values[after - 1], values[after]];
    if (t0 === undefined || t1 === undefined || v0 == null || v1 == null) return [];
    return isStep ? [v0] : [v0 + ((v1 - v0) * (edge - t0)) / (t1 - t0)];
  });
}

/** Values of a block, whose least and greatest are found once per column. */
const BLOCK = 512;
const found = new WeakMap<Column, Map<number, [number, number]>>();

/** Least and greatest of the values from index `first` to index `last`; nothing where there are none. A column is moved over again and again, so what was seen of it is kept. */
export function extremes(column: Column, first: number, last: number): number[] {
  let blocks = found.get(column);
  if (blocks === undefined) found.set(column, (blocks = new Map()));
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = first; i <= last; ) {
    const [begin, end] = [i, Math.min(last + 1, (Math.floor(i / BLOCK) + 1) * BLOCK)];
    const isWhole = begin % BLOCK === 0 && end % BLOCK === 0;
    let ends = isWhole ? blocks.get(begin) : undefined;
    if (ends === undefined) {
      ends = among(column, begin, end);
      if (isWhole) blocks.set(begin, ends);
    }
    min = Math.min(min, ends[0]);
    max = Math.max(max, ends[1]);
    i = end;
  }
  return min <= max ? [min, max] : [];
}

function among(column: Column, begin: number, end: number): [number, number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = begin; i < end; i++) {
    const value = column[i];
    if (!isKnown(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

/** The index of the first of ascending times that is not before `edge`. */
function firstFrom(times: ArrayLike<number>, edge: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Digits behind the point that ticks `step` apart need: 0.25 has two, else the ticks would be others than the lines that are drawn. */
export function tickDigits(step: number): number {
  let digits = 0;
  for (let scaled = step; digits < 6 && Math.abs(scaled - Math.round(scaled)) > 1e-6 * scaled; digits++) scaled *= 10;
  return digits;
}

/** Round numbers, at most `count` + 1 steps apart from least to greatest, which enclose [min, max]. */
export function niceTicks(min: number, max: number, count: number): number[] {
  const span = max - min;
  if (!(span > 0) || count < 1) return [min];
  const step = niceStep(span / count);
  const first = Math.floor(min / step + 1e-9);
  const last = Math.ceil(max / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The least of 1, 2, 2.5, 5 times a power of ten that is not below `wanted`. */
export function niceStep(wanted: number): number {
  const power = 10 ** Math.floor(Math.log10(wanted) + 1e-9);
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= wanted * (1 - 1e-9)) ?? 10;
  return step * power;
}
