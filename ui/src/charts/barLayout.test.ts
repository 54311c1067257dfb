import { describe, expect, it } from "vitest";

import { changeOf, layBars } from "./barLayout";

const box = { left: 0, top: 0, width: 200, height: 100 };

describe("layBars", () => {
  it("stacks series on each other from zero", () => {
    const { columns, zero } = layBars(1, [[40], [60]], undefined, box);
    expect(zero).toBe(100);
    expect(columns[0]?.parts).toEqual([
      { series: 0, y: 60, height: 40 },
      { series: 1, y: 0, height: 60 },
    ]);
  });
  it("stacks what was exported downwards", () => {
    const { columns, zero } = layBars(1, [[50], [-50]], undefined, box);
    expect(zero).toBe(50);
    expect(columns[0]?.parts.map((part) => part.y)).toEqual([0, 50]);
    expect(columns[0]?.total).toBe(0);
  });
  it("puts the period before beside it, on the same scale", () => {
    const { columns } = layBars(2, [[50, 100]], [100, null], box);
    expect(columns[0]?.before).toEqual({ series: -1, y: 0, height: 100 });
    expect(columns[1]?.before).toBeUndefined();
    expect(columns[0]?.bar).toBeGreaterThan(columns[0]?.left ?? 0);
  });
  it("knows no total where nothing was measured", () => {
    expect(layBars(1, [[null]], undefined, box).columns[0]).toMatchObject({ total: null, parts: [] });
  });
  it("has a scale also for nothing", () => expect(layBars(0, [], undefined, box).ticks.length).toBeGreaterThan(1));
});

describe("changeOf", () => {
  it("is a share of what was before", () => expect(changeOf(110, 100)).toBeCloseTo(0.1));
  it("is nothing where there was nothing", () => {
    expect([changeOf(5, 0), changeOf(null, 5), changeOf(5, null)]).toEqual([undefined, undefined, undefined]);
  });
});
