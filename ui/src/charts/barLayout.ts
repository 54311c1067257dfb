/** Where stacked bars are: a column per period, what was before beside it. */

import { isKnown } from "./gaps";
import type { Values } from "./types";
import { niceTicks } from "./yscale";

export interface BarPart {
  /** Which of the series. */
  series: number;
  y: number;
  height: number;
}

export interface BarColumn {
  /** Left edge and width of the period. */
  left: number;
  width: number;
  /** Left edge and width of its bar. */
  bar: number;
  barWidth: number;
  parts: BarPart[];
  /** The bar of the period before, which ends where the bar begins. */
  before: BarPart | undefined;
  beforeWidth: number;
  /** Sum of what is known; null where nothing is. */
  total: number | null;
}

export interface BarLayout {
  columns: BarColumn[];
  ticks: { value: number; y: number }[];
  /** Where zero is. */
  zero: number;
}

export interface BarBox {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Of a period, what its bars take; with an earlier period, what that one takes of them. */
const FILLED = 0.72;
const BEFORE = 0.34;
/** Between ticks, CSS pixels. */
const APART = 40;

export function layBars(count: number, series: readonly Values[], before: Values | undefined, box: BarBox): BarLayout {
  const sums = Array.from({ length: count }, (_, i) => sumsAt(series, i));
  const extremes = sums.flatMap(({ up, down }) => [up, down]);
  const earlier = before === undefined ? [] : Array.from({ length: count }, (_, i) => before[i]).filter(isKnown);
  const ticks = niceTicks(Math.min(0, ...extremes, ...earlier), Math.max(0, ...extremes, ...earlier) || 1, Math.max(1, Math.floor(box.height / APART)));
  const low = ticks[0] as number;
  const high = ticks[ticks.length - 1] as number;
  const placeY = (value: number) => box.top + box.height - ((value - low) / (high - low)) * box.height;
  const width = count > 0 ? box.width / count : 0;
  const columns = sums.map(({ total }, i): BarColumn => {
    const left = box.left + i * width;
    const filled = width * FILLED;
    const apart = before === undefined ? 0 : filled * BEFORE;
    const was = before?.[i];
    return {
      left,
      width,
      bar: left + (width - filled) / 2 + apart,
      barWidth: filled - apart,
      parts: partsAt(series, i, placeY),
      before: isKnown(was) ? part(-1, 0, was, placeY) : undefined,
      beforeWidth: apart,
      total,
    };
  });
  return { columns, ticks: ticks.map((value) => ({ value, y: placeY(value) })), zero: placeY(0) };
}

/** Change against the period before, as a share; undefined where there is nothing to compare with. */
export function changeOf(now: number | null, before: number | null | undefined): number | undefined {
  return isKnown(now) && isKnown(before) && before !== 0 ? (now - before) / Math.abs(before) : undefined;
}

function partsAt(series: readonly Values[], i: number, placeY: (value: number) => number): BarPart[] {
  let up = 0;
  let down = 0;
  return series.flatMap((values, s) => {
    const value = values[i];
    if (!isKnown(value) || value === 0) return [];
    const from = value > 0 ? up : down;
    if (value > 0) up += value;
    else down += value;
    return [part(s, from, from + value, placeY)];
  });
}

function part(series: number, from: number, to: number, placeY: (value: number) => number): BarPart {
  const [a, b] = [placeY(from), placeY(to)];
  return { series, y: Math.min(a, b), height: Math.abs(a - b) };
}

function sumsAt(series: readonly Values[], i: number): { up: number; down: number; total: number | null } {
  let up = 0;
  let down = 0;
  let total: number | null = null;
  for (const values of series) {
    const value = values[i];
    if (!isKnown(value)) continue;
    total = (total ?? 0) + value;
    if (value > 0) up += value;
    else down += value;
  }
  return { up, down, total };
}
