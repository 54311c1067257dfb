/** A line with more points than pixels, as the points that can be seen of it. */

import type { Column } from "./align";

export interface Dense {
  /** Rising. */
  times: ArrayLike<number>;
  values: Column;
  /** Indices of the first and the last point. */
  first: number;
  last: number;
  /** The time at the pixel `left`, and how many pixels one of its units takes. */
  start: number;
  left: number;
  perTime: number;
}

/** Of each column of pixels the first value, the least, the greatest and the last, in this order and each once; none where nothing is known. */
export function thinned({ times, values, first, last, start, left, perTime }: Dense, to: (x: number, value: number) => void): void {
  let [x, until] = [0, Number.NEGATIVE_INFINITY];
  let isKnown = false;
  let [came, min, max, went] = [0, 0, 0, 0];
  for (let i = first; i <= last; i++) {
    const time = times[i] as number;
    if (time >= until) {
      if (isKnown) turn(x, came, min, max, went, to);
      isKnown = false;
      x = Math.round(left + (time - start) * perTime);
      until = start + (x + 0.5 - left) / perTime;
    }
    const value = values[i];
    if (value == null) continue;
    went = value;
    if (!isKnown) {
      isKnown = true;
      came = min = max = value;
      to(x, value);
    } else if (value < min) min = value;
    else if (value > max) max = value;
  }
  if (isKnown) turn(x, came, min, max, went, to);
}

function turn(x: number, came: number, min: number, max: number, went: number, to: (x: number, value: number) => void): void {
  if (min === max) return;
  if (came !== min && went !== min) to(x, min);
  if (came !== max && went !== max) to(x, max);
  to(x, went);
}
