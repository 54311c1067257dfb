import { describe, expect, it } from "vitest";

import { planChart } from "./plan";
import type { Line } from "./types";

const line = (id: string, more: Partial<Line> = {}): Line => ({ id, label: id, unit: "W", values: [1, 2], ...more });

describe("planChart", () => {
  it("puts lines of one unit on one scale", () => {
    const plan = planChart([line("a"), line("b")]);
    expect(plan.scales.map((scale) => scale.unit)).toEqual(["W"]);
    expect(plan.series.map((series) => series.scale)).toEqual(["left", "left"]);
  });
  it("puts a second unit on the right and leaves a third one out", () => {
    const plan = planChart([line("a"), line("b", { unit: "degC" }), line("c", { unit: "%" }), line("d", { unit: "degC" })]);
    expect(plan.scales.map((scale) => [scale.unit, scale.side])).toEqual([["W", "left"], ["degC", "right"]]);
    expect(plan.leftOut).toEqual([2]);
    expect(plan.series.map((series) => series.line)).toEqual([0, 1, 3]);
  });
  it("treats lines without a unit as one unit", () => {
    expect(planChart([line("a", { unit: null }), line("b", { unit: null })]).scales).toHaveLength(1);
  });
  it("fills between the edges of a band, below the line", () => {
    const plan = planChart([line("a", { low: [0, 0], high: [2, 3] })]);
    expect(plan.series.map((series) => series.role)).toEqual(["high", "low", "value"]);
    expect(plan.bands).toEqual([{ line: 0, high: 1, low: 2 }]);
  });
  it("needs both edges for a band", () => {
    expect(planChart([line("a", { high: [2, 3] })]).bands).toEqual([]);
  });
  it("keeps zero on the scale of bars and stacks", () => {
    expect(planChart([line("a", { kind: "bars" })]).scales[0]?.zero).toBe(true);
    expect(planChart([line("a", { kind: "stack" })]).scales[0]?.zero).toBe(true);
    expect(planChart([line("a")]).scales[0]?.zero).toBe(false);
  });
  it("has the same signature for other data", () => {
    expect(planChart([line("a", { values: [5] })]).signature).toBe(planChart([line("a")]).signature);
    expect(planChart([line("a", { kind: "step" })]).signature).not.toBe(planChart([line("a")]).signature);
  });
});
