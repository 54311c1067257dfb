/** Data that is the same at every run. */

import type { Tile, TileState } from "../src/charts";

/** Numbers of [0, 1) from a seed: mulberry32, by Tommy Ettinger, public domain. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Walk {
  times: Float64Array;
  values: Float64Array;
}

/** A power that wanders: `count` readings, `step` ms apart, from `start` on. */
export function walk(count: number, step: number, seed: number, start = Date.UTC(2026, 0, 1)): Walk {
  const random = randomFrom(seed);
  const times = new Float64Array(count);
  const values = new Float64Array(count);
  let value = 2_000;
  for (let i = 0; i < count; i++) {
    value += (random() - 0.5) * 60 + (2_000 - value) * 0.001;
    times[i] = start + i * step;
    values[i] = value + 600 * Math.sin(i / 3_000);
  }
  return { times, values };
}

/** The same, `by` readings later: the oldest are gone, as many new ones are there. */
export function later({ times, values }: Walk, by: number, step: number, random: () => number): Walk {
  const next = { times: new Float64Array(times.length), values: new Float64Array(values.length) };
  next.times.set(times.subarray(by));
  next.values.set(values.subarray(by));
  for (let i = times.length - by; i < times.length; i++) {
    next.times[i] = (next.times[i - 1] ?? 0) + step;
    next.values[i] = (next.values[i - 1] ?? 0) + (random() - 0.5) * 60;
  }
  return next;
}

/** A fleet of batteries at sites of 500, some of which are not well. */
export function fleet(count: number, seed: number): Tile[] {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, i) => {
    const fill = random();
    return { id: `b-${i}`, label: `b-${String(i).padStart(5, "0")}`, group: `site-${Math.floor(i / 500) + 1}`, state: stateAt(random()), fill, text: `${Math.round(fill * 100)} %` };
  });
}

/** The fleet with other levels for `share` of it; the others are the same objects. */
export function changed(tiles: readonly Tile[], share: number, random: () => number): Tile[] {
  return tiles.map((tile) => (random() < share ? { ...tile, fill: random(), state: stateAt(random()) } : tile));
}

function stateAt(luck: number): TileState {
  if (luck < 0.01) return "bad";
  if (luck < 0.04) return "warn";
  return luck < 0.06 ? "stale" : "normal";
}
