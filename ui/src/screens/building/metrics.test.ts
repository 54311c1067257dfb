import { expect, test } from "vitest";
import { metricName, ordered } from "./metrics";

test("what people ask first comes first, the rest by name, each once", () =>
  expect(ordered(["zeta", "co2", "alpha", "temperature", "co2"])).toEqual(["temperature", "co2", "alpha", "zeta"]));

test("a metric without a name is called as it was sent", () => {
  expect(metricName("co2")).toBe("CO₂");
  expect(metricName("noise_level")).toBe("noise level");
});
