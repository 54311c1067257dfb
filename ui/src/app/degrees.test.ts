import { expect, test } from "vitest";
import { inDegrees, unitFor } from "./degrees";

test.each([
  ["K", 273.15],
  ["degC", 0],
  ["degF", 32],
] as const)("water freezes in %s at %d", (degrees, at) => expect(inDegrees(273.15, degrees)).toBeCloseTo(at));

test("only temperatures are shown in another unit", () => {
  expect(unitFor("K", "degF")).toBe("degF");
  expect(unitFor("W", "degF")).toBe("W");
  expect(unitFor(null, "degF")).toBeNull();
});
