import { describe, expect, it } from "vitest";

import { randomFrom } from "../../bench/data";
import { edgeValues, extremes, niceStep, niceTicks, tickDigits, yRange } from "./yscale";

describe("yRange", () => {
  it("leaves room around the values", () => expect(yRange([100, 200], false)).toEqual([94, 206]));
  it("does not go below zero for values that do not", () => expect(yRange([1, 101], false)[0]).toBe(0));
  it("does not go above zero for values that do not", () => expect(yRange([-101, -1], false)[1]).toBe(0));
  it("holds zero for bars", () => expect(yRange([100, 200], true)[0]).toBe(0));
  it("gives a flat line room", () => {
    expect(yRange([20, 20], false)).toEqual([18, 22]);
    expect(yRange([0, 0], false)).toEqual([0, 1]);
  });
  it("is 0 to 1 where there is nothing", () => expect(yRange([], false)).toEqual([0, 1]));
});

describe("extremes", () => {
  const random = randomFrom(7);
  const column = Array.from({ length: 5_000 }, (_, i) => (i % 7 === 0 ? null : i % 11 === 0 ? Number.NaN : random() * 100 - 50));
  it("are those of all values between two indices, wherever these lie and whatever was asked before", () => {
    for (let round = 0; round < 500; round++) {
      const [a, b] = [Math.floor(random() * 5_000), Math.floor(random() * 5_000)];
      const [first, last] = [Math.min(a, b), Math.max(a, b)];
      const known = column.slice(first, last + 1).filter((value): value is number => value !== null && !Number.isNaN(value));
      expect(extremes(column, first, last)).toEqual(known.length > 0 ? [Math.min(...known), Math.max(...known)] : []);
    }
  });
  it("are nothing where nothing is known", () => {
    expect(extremes(new Array<null>(2_000).fill(null), 0, 1_999)).toEqual([]);
    expect(extremes(column, 0, -1)).toEqual([]);
  });
});

describe("edgeValues", () => {
  const times = [0, 10, 20, 30];
  it("is what a line passes through where it comes in and goes out", () => expect(edgeValues(times, [0, 100, 50, 70], { from: 5, to: 25 })).toEqual([50, 60]));
  it("is nothing where a line begins or ends inside", () => expect(edgeValues(times, [0, 100, 50, 70], { from: -5, to: 35 })).toEqual([]));
  it("is nothing beside a hole", () => expect(edgeValues(times, [null, 100, 50, undefined], { from: 5, to: 25 })).toEqual([]));
  it("is the value of a point on the edge", () => expect(edgeValues(times, [0, 100, 50, 70], { from: 10, to: 20 })).toEqual([100, 50]));
  it("is the value before for steps", () => expect(edgeValues(times, [0, 100, 50, 70], { from: 5, to: 25 }, true)).toEqual([0, 50]));
  it("is nothing without points", () => expect(edgeValues([], [], { from: 0, to: 1 })).toEqual([]));
});

describe("tickDigits", () => {
  it("tells neighbouring ticks apart", () => {
    expect([1000, 5, 1, 0.5, 0.2, 0.1, 0.05, 0.001].map(tickDigits)).toEqual([0, 0, 0, 1, 1, 1, 2, 3]);
  });
  it("writes no tick as another number", () => {
    expect([2.5, 0.25, 0.025, 250, 0].map(tickDigits)).toEqual([1, 2, 3, 0, 0]);
  });
});

describe("niceTicks", () => {
  it("encloses the values by round numbers", () => {
    expect(niceTicks(0, 93, 5)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(niceTicks(-3, 7, 5)).toEqual([-4, -2, 0, 2, 4, 6, 8]);
    expect(niceTicks(0, 0.3, 3)).toEqual([0, 0.1, 0.2, 0.3]);
  });
  it("is one number where there is no span", () => expect(niceTicks(5, 5, 4)).toEqual([5]));
});

describe("niceStep", () => {
  it("is round and not below what is wanted", () => {
    expect([1, 1.5, 2.1, 3, 7, 0.03, 120].map(niceStep)).toEqual([1, 2, 2.5, 5, 10, 0.05, 200]);
  });
});
