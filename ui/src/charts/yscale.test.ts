import { describe, expect, it } from "vitest";

import { edgeValues, niceStep, niceTicks, tickDigits, yRange } from "./yscale";

const plain = { zero: false, include: [] };

describe("yRange", () => {
  it("leaves room around the values", () => expect(yRange(100, 200, plain)).toEqual([94, 206]));
  it("does not go below zero for values that do not", () => expect(yRange(1, 101, plain)[0]).toBe(0));
  it("does not go above zero for values that do not", () => expect(yRange(-101, -1, plain)[1]).toBe(0));
  it("holds zero for bars", () => expect(yRange(100, 200, { zero: true, include: [] })[0]).toBe(0));
  it("shows limits that lie outside the values", () => {
    const [low, high] = yRange(10, 20, { zero: false, include: [50] });
    expect(low).toBeLessThanOrEqual(10);
    expect(high).toBeGreaterThan(50);
  });
  it("gives a flat line room", () => {
    expect(yRange(20, 20, plain)).toEqual([18, 22]);
    expect(yRange(0, 0, plain)).toEqual([0, 1]);
  });
  it("is 0 to 1 where there is nothing", () => expect(yRange(null, null, plain)).toEqual([0, 1]));
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
