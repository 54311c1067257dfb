import { describe, expect, it } from "vitest";

import { classOf, columnTicks, COLOURS, domainOf, heatClasses } from "./heat";

const HOUR = 3_600_000;

describe("heatClasses", () => {
  it("has round bounds that enclose the values", () => {
    expect(heatClasses(17.3, 24.1).bounds).toEqual([17, 18, 19, 20, 21, 22, 23, 24, 25]);
  });
  it("never has more classes than there are colours", () => {
    for (let max = 1; max < 60; max++) {
      const { bounds } = heatClasses(0.9, 0.9 + max * 0.7);
      expect(bounds.length - 1).toBeLessThanOrEqual(COLOURS);
      expect(bounds[bounds.length - 1]).toBeGreaterThanOrEqual(0.9 + max * 0.7 - 1e-9);
    }
  });
  it("uses the colours from end to end", () => {
    const { colors } = heatClasses(0, 40);
    expect([colors[0], colors[colors.length - 1]]).toEqual([0, COLOURS - 1]);
  });
  it("parts equally far from a set point", () => {
    const { bounds } = heatClasses(18, 22, 21);
    expect((bounds[0] as number) + (bounds[bounds.length - 1] as number)).toBeCloseTo(42);
  });
  it("has one class for one value", () => expect(heatClasses(5, 5).colors).toHaveLength(1));
});

describe("classOf", () => {
  const classes = heatClasses(0, 7);
  it("counts a bound to the class above it", () => expect([0, 0.99, 1, 6.5].map((v) => classOf(classes, v))).toEqual([0, 0, 1, 6]));
  it("takes what lies outside to the ends", () => expect([-3, 99].map((v) => classOf(classes, v))).toEqual([0, 6]));
});

describe("domainOf", () => {
  it("passes over what is not known", () => expect(domainOf([[3, null], [Number.NaN, -1]])).toEqual([-1, 3]));
  it("is nothing of nothing", () => expect(domainOf([[null]])).toBeUndefined());
});

describe("columnTicks", () => {
  const hours = (start: string, count: number) => Array.from({ length: count }, (_, i) => Date.parse(start) + i * HOUR);
  it("labels round hours of the zone", () => {
    const { columns } = columnTicks(hours("2026-01-01T00:00Z", 24), HOUR, 5, "Europe/Berlin");
    expect(columns).toEqual([5, 11, 17, 23]);
  });
  it("labels days, also over a clock change", () => {
    const { columns } = columnTicks(hours("2026-03-27T23:00Z", 72), HOUR, 20, "Europe/Berlin");
    expect(columns).toEqual([0, 24, 47, 71]);
  });
  it("leaves days out where there are many", () => {
    expect(columnTicks(hours("2026-01-01T00:00Z", 24 * 10), HOUR, 60, "UTC").columns).toEqual([0, 72, 144, 216]);
  });
});
