import { describe, expect, it } from "vitest";

import { arc, pointAt, shareOf, toneAt } from "./dial";
import { sparkPath, type SparkShape } from "./spark";

const shape: SparkShape = { width: 100, height: 20, pad: 0, domain: undefined, times: undefined, stepMs: undefined };

describe("sparkPath", () => {
  it("goes from corner to corner", () => {
    expect(sparkPath([0, 10], shape)).toEqual({ line: "M0 20h0L100 0", x: 100, y: 0 });
  });
  it("is open where a value is missing", () => {
    expect(sparkPath([0, null, 10], shape)?.line).toBe("M0 20h0M100 0h0");
  });
  it("puts values where their time is, and leaves a long hole open", () => {
    const timed = { ...shape, times: [0, 10, 20, 100], stepMs: 10 };
    expect(sparkPath([0, 10, 0, 10], timed)?.line).toBe("M0 20h0L10 0L20 20M100 0h0");
  });
  it("runs through the middle where all is the same", () => expect(sparkPath([5, 5], shape)?.y).toBe(10));
  it("stays inside a domain that is given", () => expect(sparkPath([0, 500], { ...shape, domain: [0, 100] })?.y).toBe(0));
  it("ends at the last value that is known", () => expect(sparkPath([0, 10, null], shape)?.x).toBe(50));
  it("is nothing without a value", () => expect(sparkPath([null, Number.NaN], shape)).toBeUndefined());
});

describe("the dial", () => {
  it("goes from left over the top to right", () => {
    expect([0, 0.5, 1].map((share) => pointAt(share, 40))).toEqual([{ x: 10, y: 50 }, { x: 50, y: 10 }, { x: 90, y: 50 }]);
  });
  it("draws an arc between two shares", () => expect(arc(0, 1, 40)).toBe("M10 50A40 40 0 0 1 90 50"));
  it("keeps values on the scale", () => expect([-5, 25, 500].map((value) => shareOf(value, 0, 100))).toEqual([0, 0.25, 1]));
  it("says the worst of the zones that a value lies in", () => {
    const zones = [{ from: 0, to: 20, tone: "warn" }, { from: 0, to: 10, tone: "bad" }] as const;
    expect([50, 15, 5].map((value) => toneAt(value, zones))).toEqual(["normal", "warn", "bad"]);
  });
});
