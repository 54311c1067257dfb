import { describe, expect, it } from "vitest";

import { emptySpans, firstFrom, isKnown, lineGaps, shortestStep, totalLength } from "./gaps";

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
  it("covers the range before, between and behind what is known", () => {
    const spans = emptySpans([20, 30, 60], [[1, 1, 1]], 10, { from: 0, to: 100 }, 200);
    expect(spans).toEqual([{ from: 0, to: 20 }, { from: 40, to: 60 }, { from: 70, to: 100 }]);
    expect(totalLength(spans)).toBe(70);
  });
  it("does not call the future a gap", () => {
    expect(emptySpans([0, 10], [[1, 1]], 10, { from: 0, to: 100 }, 20)).toEqual([]);
  });
  it("is empty where any line has a value", () => {
    const lines = [[1, null, 1], [null, 1, null]];
    expect(emptySpans([0, 10, 20], lines, 10, { from: 0, to: 30 }, 30)).toEqual([]);
  });
  it("is the whole range where nothing was measured", () => {
    expect(emptySpans([], [], 10, { from: 0, to: 100 }, 100)).toEqual([{ from: 0, to: 100 }]);
  });
});

describe("shortestStep", () => {
  it("is the shortest distance between neighbours", () => expect(shortestStep([0, 60, 90, 150])).toBe(30));
  it("is 0 where there are no two times", () => expect(shortestStep([7])).toBe(0));
});

describe("isKnown", () => {
  it("counts zero as a value, and NaN as none", () => {
    expect([0, -1, null, undefined, Number.NaN].map(isKnown)).toEqual([true, true, false, false, false]);
  });
});

describe("firstFrom", () => {
  it("finds where a range begins", () => {
    expect([-1, 0, 1, 10, 11, 31].map((from) => firstFrom([0, 10, 20, 30], from))).toEqual([0, 0, 1, 1, 2, 4]);
  });
});
