import { describe, expect, it } from "vitest";

import { emptySpans, isKnown, knownTimes, lineGaps, shortestStep, totalLength, usualStep } from "./gaps";

describe("lineGaps", () => {
  it("finds a hole longer than one and a half steps", () => {
    expect(lineGaps([0, 10, 20, 50, 60], [1, 1, 1, 1, 1], 10)).toEqual([20, 50]);
  });
  it("takes a hole of exactly one and a half steps for jitter", () => {
    expect(lineGaps([0, 15], [1, 1], 10)).toEqual([]);
  });
  it("passes over the instants of other lines", () => {
    expect(lineGaps([0, 5, 10, 15], [1, null, 1, null], 10)).toEqual([]);
  });
  it("finds windows that have no value", () => {
    expect(lineGaps([0, 10, 20, 30], [1, null, Number.NaN, 1], 10)).toEqual([0, 30]);
  });
  it("knows no gap before the first value nor behind the last", () => {
    expect(lineGaps([0, 10, 20, 30, 40], [null, null, 1, null, null], 10)).toEqual([]);
  });
});

describe("emptySpans", () => {
  const spans = (times: number[], lines: (number | null)[][], from: number, to: number, until = to) =>
    emptySpans(knownTimes(times, lines, 10), 10, { from, to }, until);
  it("covers the range before, between and behind what is known", () => {
    const found = spans([20, 30, 60], [[1, 1, 1]], 0, 100);
    expect(found).toEqual([{ from: 0, to: 20 }, { from: 40, to: 60 }, { from: 70, to: 100 }]);
    expect(totalLength(found)).toBe(70);
  });
  it("does not call the future a gap", () => expect(spans([0, 10], [[1, 1]], 0, 100, 20)).toEqual([]));
  it("is empty where any line has a value", () => {
    expect(spans([0, 10, 20], [[1, null, 1], [null, 1, null]], 0, 30)).toEqual([]);
  });
  it("is the whole range where nothing was measured", () => expect(spans([], [], 0, 100)).toEqual([{ from: 0, to: 100 }]));
  it("is what of a hole lies in the range", () => {
    expect(spans([0, 100], [[1, 1]], 50, 80)).toEqual([{ from: 50, to: 80 }]);
    expect(spans([0, 100], [[1, 1]], 0, 100)).toEqual([{ from: 10, to: 100 }]);
  });
  it("takes a range that begins between two values for whole", () => {
    expect(spans([4, 14, 24], [[1, 1, 1]], 0, 34)).toEqual([]);
    expect(spans([10, 20, 30], [[1, 1, 1]], 1, 40)).toEqual([]);
  });
});

describe("shortestStep", () => {
  it("is the shortest distance between neighbours", () => expect(shortestStep([0, 60, 90, 150])).toBe(30));
  it("is 0 where there are no two times", () => expect(shortestStep([7])).toBe(0));
});

describe("usualStep", () => {
  const every = (step: number, count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n * step);
  const step = (times: number[], least: number) => usualStep(times, times.map(() => 1), least);
  it("is that of a sensor that speaks less often than windows are wide", () => expect(step(every(50, 20), 10)).toBe(50));
  it("is that of the part that came most seldom", () => expect(step([...every(30, 12), ...every(1, 500, 360)], 1)).toBe(30));
  it("is not moved by single holes, however long", () => {
    expect(step([...every(1, 50), ...every(1, 50, 5_000), ...every(1, 50, 9_000)], 1)).toBe(1);
  });
  it("is no shorter than the window, also where there are few values", () => {
    expect([step(every(1, 100), 5), step([0, 90], 5)]).toEqual([5, 5]);
  });
  it("passes over the instants of other lines", () => {
    const times = every(10, 40);
    expect(usualStep(times, times.map((_, n) => (n % 2 === 0 ? 1 : null)), 10)).toBe(20);
  });
});

describe("isKnown", () => {
  it("counts zero as a value, and NaN as none", () => {
    expect([0, -1, null, undefined, Number.NaN].map(isKnown)).toEqual([true, true, false, false, false]);
  });
});
