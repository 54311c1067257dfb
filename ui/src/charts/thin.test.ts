import { describe, expect, it } from "vitest";

import { randomFrom } from "../../bench/data";
import { thinned } from "./thin";

type Point = [x: number, value: number];

function thin(times: number[], values: (number | null)[], start: number, end: number, width: number): Point[] {
  const points: Point[] = [];
  thinned({ times, values, first: 0, last: times.length - 1, start, left: 40, perTime: width / (end - start) }, (x, value) => points.push([x, value]));
  return points;
}

describe("a thinned line", () => {
  const random = randomFrom(11);
  const times = Array.from({ length: 20_000 }, (_, i) => 1_000 * i + Math.floor(random() * 900));
  const values = times.map((_, i) => (i % 13 === 0 || (i > 5_000 && i < 6_000) ? null : Math.round(random() * 50)));
  const points = thin(times, values, 0, 20_000_000, 300);

  it("begins and ends each column of pixels as the line does, and reaches as far up and down", () => {
    const columns = new Map<number, number[]>();
    values.forEach((value, i) => {
      const x = Math.round(40 + ((times[i] as number) * 300) / 20_000_000);
      if (value !== null) columns.set(x, [...(columns.get(x) ?? []), value]);
    });
    expect(new Set(points.map(([x]) => x))).toEqual(new Set(columns.keys()));
    for (const [x, all] of columns) {
      const drawn = points.filter(([at]) => at === x).map(([, value]) => value);
      expect([drawn[0], drawn.at(-1)]).toEqual([all[0], all.at(-1)]);
      expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([Math.min(...all), Math.max(...all)]);
      expect(drawn.length).toBeLessThanOrEqual(4);
    }
  });

  it("goes on from left to right", () => {
    const columns = points.map(([x]) => x);
    expect(columns).toEqual([...columns].sort((a, b) => a - b));
  });

  it("draws a value that stays once per column", () => {
    expect(thin([0, 1, 2, 3], [5, 5, 5, 5], 0, 4, 1)).toEqual([[40, 5], [41, 5]]);
  });

  it("is nothing where nothing is known", () => expect(thin([0, 1, 2], [null, null, null], 0, 3, 1)).toEqual([]));
});
