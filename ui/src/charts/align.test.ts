import { describe, expect, it } from "vitest";

import { alignColumns, stackUp, withoutNaN } from "./align";
import { planChart } from "./plan";
import { seriesGaps } from "./scene";
import type { Line } from "./types";

const stack = (id: string, values: (number | null)[]): Line => ({ id, label: id, unit: "W", values, kind: "stack" });

describe("stackUp", () => {
  it("lays each line on those before it", () => {
    expect(stackUp([[1, 2], [10, 20]]).map((edges) => edges.high)).toEqual([[1, 2], [11, 22]]);
    expect(stackUp([[1, 2], [10, 20]]).map((edges) => edges.low)).toEqual([[0, 0], [1, 2]]);
  });
  it("stacks negative values downwards", () => {
    const [charge, feed] = stackUp([[-5], [-2]]);
    expect([charge?.low, charge?.high]).toEqual([[-5], [0]]);
    expect([feed?.low, feed?.high]).toEqual([[-7], [-5]]);
  });
  it("keeps a line that falls to zero on its own side, so that no edge runs through the other stack", () => {
    const [grid, charge] = stackUp([[4, 4, 4], [-3, 0, -2]]);
    expect([grid?.low, grid?.high]).toEqual([[0, 0, 0], [4, 4, 4]]);
    expect([charge?.low, charge?.high]).toEqual([[-3, 0, -2], [0, 0, 0]]);
  });
  it("ends one direction of a part at the edge of its stack where the other begins", () => {
    const [, , up, down] = stackUp([[9, 9], [-7, -7], [5, 0], [0, -3]]);
    expect([up?.low, up?.high]).toEqual([[9, 9], [14, 9]]);
    expect([down?.low, down?.high]).toEqual([[-7, -10], [-7, -7]]);
  });
  it("has no edge where nothing flows: only the zeros beside an area are kept", () => {
    const [, sun] = stackUp([[4, 4, 4, 4, 4], [0, 0, 0, 1, 0]]);
    expect([sun?.low, sun?.high]).toEqual([[null, null, 4, 4, 4], [null, null, 4, 5, 4]]);
  });
  it("leaves a hole where a line has no value, and stacks the others on", () => {
    const [first, second] = stackUp([[null, 1], [4, 4]]);
    expect(first?.high).toEqual([null, 1]);
    expect(second?.high).toEqual([4, 5]);
  });
});

describe("alignColumns", () => {
  it("gives a hidden line no room in its stack", () => {
    const lines = [stack("a", [1, 1]), stack("b", [2, 2])];
    const columns = alignColumns(planChart(lines), lines, new Set(["a"]));
    expect(columns).toEqual([[null, null], [null, null], [2, 2], [0, 0]]);
  });
  it("hands columns on without a copy where nothing is missing", () => {
    const values = Float64Array.of(1, 2, 3);
    const lines: Line[] = [{ id: "a", label: "a", unit: null, values }];
    expect(alignColumns(planChart(lines), lines, new Set())[0]).toBe(values);
  });
  it("gives a band its edges", () => {
    const lines: Line[] = [{ id: "a", label: "a", unit: null, values: [2], low: [1], high: [3] }];
    expect(alignColumns(planChart(lines), lines, new Set())).toEqual([[3], [1], [2]]);
  });
});

describe("seriesGaps", () => {
  it("bridges no stretch in which a stacked line is nothing", () => {
    const lines = [stack("sun", [1, 0, 0, 0, 2])];
    const [plan, times] = [planChart(lines), [0, 10, 20, 30, 40]];
    expect(seriesGaps({ plan, lines, times, steps: [10] }, alignColumns(plan, lines, new Set()))).toEqual([[10, 30], [10, 30]]);
  });
});

describe("withoutNaN", () => {
  it("makes null of what is not a number", () => {
    expect(withoutNaN(Float64Array.of(1, Number.NaN, 3))).toEqual([1, null, 3]);
  });
});
