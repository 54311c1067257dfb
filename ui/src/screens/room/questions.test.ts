import { expect, test } from "vitest";
import { averagesQuestion, chartQuestion } from "./questions";

const HOUR = 3_600_000;
const place = { building: "hq", room: "r01" };

test("a measured quantity is asked for by sensor and in the reader's unit, no finer than it comes", () => {
  const asked = chartQuestion(place, { metric: "temperature", unit: "K" }, "degF", { from: 0, to: 24 * HOUR }, "UTC", 300_000);
  expect(asked.question.fetch).toEqual({ mean: { where: { ...place, metric: "temperature" }, fn: "mean", by: ["sensor"], unit: "degF" } });
  expect(asked.stepMs).toBe(300_000);
});

test("a counter is asked for what it counted", () => {
  const asked = chartQuestion(place, { metric: "energy_wh", unit: "Wh" }, "degC", { from: 0, to: 24 * HOUR }, "UTC", 60_000);
  expect(asked.question.fetch).toEqual({ used: { where: { ...place, metric: "energy_wh" }, fn: "energy", unit: "kWh" } });
  expect(asked.stepMs).toBe(HOUR / 2);
});

test("averages are of the range's last day at most", () => {
  const question = averagesQuestion(place, [{ metric: "co2", unit: "ppm" }], "degC", { from: 0, to: 240 * HOUR }, "UTC");
  expect([question.start, question.end, question.window]).toEqual([216 * HOUR, 240 * HOUR, 900_000]);
});
