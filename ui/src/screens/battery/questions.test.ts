import { expect, test } from "vitest";
import { questionOf } from "./questions";

const DAY = 86_400_000;
const range = { from: 0, to: DAY };
const soc = { sensor_id: "b-1", metric: "soc", value: 0.5, unit: "1", ts: null, interval_ms: 600_000 };

test("a chart asks for its metrics in its units, no finer than values come", () => {
  const asked = questionOf("hq", [soc, { ...soc, metric: "soh" }], { soc: "%" }, range, "UTC");
  expect(asked?.question.fetch).toEqual({ soc: { where: { site: "hq", sensor: "b-1", metric: "soc" }, fn: "mean", unit: "%" } });
  expect([asked?.question.window, asked?.stepMs]).toEqual([600_000, 600_000]);
});

test("nothing is asked about what a battery does not measure", () => expect(questionOf("hq", [soc], { temperature: "degC" }, range, "UTC")).toBeNull());
