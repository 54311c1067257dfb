import { expect, test } from "vitest";
import { Delays } from "./delays";

test("without a reading there is no delay", () => expect(new Delays().at(0.5, 0)).toBeUndefined());

test("percentiles are of delays that occurred", () => {
  const delays = new Delays();
  for (let ms = 1; ms <= 100; ms++) delays.push(0, ms);
  expect([delays.at(0.5, 0), delays.at(0.95, 0), delays.at(1, 0)]).toEqual([50, 95, 100]);
});

test("only the last minute counts", () => {
  const delays = new Delays();
  delays.push(0, 500);
  delays.push(70_000, 20);
  expect(delays.at(1, 70_000)).toBe(20);
});

test("what came late is counted apart", () => {
  const delays = new Delays();
  delays.push(0, 3_600_000);
  expect([delays.at(0.5, 0), delays.late]).toEqual([undefined, 1]);
});

test("the oldest make room", () => {
  const delays = new Delays(2);
  for (const ms of [9, 2, 3]) delays.push(0, ms);
  expect(delays.at(1, 0)).toBe(3);
});
