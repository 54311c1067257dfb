/** The path of a sparkline. */

import { isKnown, lineGaps } from "./gaps";
import type { Values } from "./types";
import { statsOf } from "./words";

export interface SparkShape {
  width: number;
  height: number;
  /** Left free on all sides. */
  pad: number;
  domain: readonly [number, number] | undefined;
  times: ArrayLike<number> | undefined;
  stepMs: number | undefined;
}

export interface Spark {
  /** SVG path data. */
  line: string;
  /** Where the last value is. */
  x: number;
  y: number;
}

/** The path through the values, open where there are none; undefined without any value. */
export function sparkPath(values: Values, shape: SparkShape): Spark | undefined {
  const stats = statsOf(values);
  if (stats === undefined) return undefined;
  const { width, height, pad, times, stepMs } = shape;
  const [low, high] = shape.domain ?? [stats.min, stats.max];
  const first = times?.[0] ?? 0;
  const last = times?.[times.length - 1] ?? values.length - 1;
  const breaks = times !== undefined && stepMs !== undefined ? new Set(lineGaps(times, values, stepMs).filter((_, i) => i % 2 === 1)) : undefined;
  const placeX = (i: number) => round(pad + (last > first ? ((times?.[i] ?? i) - first) / (last - first) : 1) * (width - 2 * pad));
  const placeY = (value: number) => round(height - pad - (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5) * (height - 2 * pad));
  let line = "";
  let isOpen = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!isKnown(value)) {
      // Without a step, each missing value is a hole.
      isOpen ||= breaks === undefined;
      continue;
    }
    if (breaks?.has(times?.[i] ?? Number.NaN) === true) isOpen = true;
    // A line of no length is drawn as a dot by its round ends.
    line += isOpen ? `M${placeX(i)} ${placeY(value)}h0` : `L${placeX(i)} ${placeY(value)}`;
    isOpen = false;
  }
  return { line, x: placeX(stats.at), y: placeY(stats.last) };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
