/** Classes of a heat map: a value's colour is that of its class, whose bounds are round numbers that a legend can say. */

import { isKnown } from "./gaps";
import { formatter } from "./ticks";
import type { Values } from "./types";
import { niceTicks } from "./yscale";

/** How many colours there are from one end to the other. */
export const COLOURS = 9;

export interface Classes {
  /** Ascending; class i is from bounds[i] to bounds[i + 1]. */
  bounds: number[];
  /** Class → colour, 0 to COLOURS − 1. */
  colors: number[];
}

/** Classes for values of [min, max]. Around a `middle` (a set point) the colours part in two directions, equally far. */
export function heatClasses(min: number, max: number, middle?: number): Classes {
  const reach = middle === undefined ? 0 : Math.max(Math.abs(max - middle), Math.abs(min - middle));
  const [low, high] = middle === undefined ? [min, max] : [middle - reach, middle + reach];
  let wanted = COLOURS;
  let bounds = high > low ? niceTicks(low, high, wanted) : [low, low + 1];
  // Rounding outwards may need a class more than there are colours.
  while (bounds.length - 1 > COLOURS) bounds = niceTicks(low, high, --wanted);
  const count = bounds.length - 1;
  return { bounds, colors: bounds.slice(1).map((_, i) => (count === 1 ? COLOURS >> 1 : Math.round((i * (COLOURS - 1)) / (count - 1)))) };
}

/** The class of a value; what lies outside belongs to the outermost one. */
export function classOf({ bounds }: Classes, value: number): number {
  let found = 0;
  while (found < bounds.length - 2 && value >= (bounds[found + 1] as number)) found++;
  return found;
}

/** The custom property of a colour. */
export function heatColor(color: number, isParted: boolean): string {
  return `--heat-${isParted ? "d" : "s"}${color}`;
}

/** Least and greatest value of all rows; undefined where nothing is known. */
export function domainOf(rows: readonly Values[]): [number, number] | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const values of rows) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!isKnown(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min <= max ? [min, max] : undefined;
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const STEPS = [1, 5, 15, 30, 60, 120, 180, 360, 720, 1_440].map((minutes) => minutes * MINUTE);

/** Columns that a label stands under, at least `apart` columns from each other: at round hours of the zone, or whole days. */
export function columnTicks(times: ArrayLike<number>, stepMs: number, apart: number, zone: string): { columns: number[]; step: number } {
  const wanted = apart * stepMs;
  const step = STEPS.find((one) => one >= wanted) ?? Math.ceil(wanted / DAY) * DAY;
  const clock = formatter("en-GB", zone, { hour: "2-digit", minute: "2-digit" });
  const columns: number[] = [];
  let days = 0;
  for (let i = 0; i < times.length; i++) {
    const [hours = 0, minutes = 0] = clock.format(times[i]).split(":").map(Number);
    const sinceMidnight = (hours * 60 + minutes) * MINUTE;
    // A window that midnight falls into begins a day, also where it does not begin at midnight.
    const isRound = sinceMidnight % Math.min(step, DAY) < Math.min(stepMs, step);
    if (isRound && (step <= DAY || days++ % (step / DAY) === 0)) columns.push(i);
  }
  return { columns, step };
}
