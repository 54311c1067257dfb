import { describe, expect, it } from "vitest";

import { axisUnit } from "./axisUnit";

describe("axisUnit", () => {
  it("follows what numbers are written in", () => {
    expect(axisUnit(4_200, "W")).toEqual({ factor: 1_000, unit: "kW" });
    expect(axisUnit(2_500_000, "Wh")).toEqual({ factor: 1_000_000, unit: "MWh" });
    expect(axisUnit(900, "W")).toEqual({ factor: 1, unit: "W" });
  });
  it("leaves units alone that have no prefix", () => {
    expect(axisUnit(30_000, "degC")).toEqual({ factor: 1, unit: "°C" });
    expect(axisUnit(80, "%RH")).toEqual({ factor: 1, unit: "% RH" });
    expect(axisUnit(5_000, null)).toEqual({ factor: 1, unit: "" });
  });
});
