import { expect, test } from "vitest";
import { Ring } from "./ring";

test("an empty ring knows nothing", () => {
  expect(new Ring(4).value).toBeNull();
  expect(new Ring(4).since(0)).toEqual({ times: [], values: [] });
});

test("the oldest readings make room for the newest", () => {
  const ring = new Ring(3);
  for (const ts of [1, 2, 3, 4, 5]) ring.push(ts, ts * 10);
  expect(ring.since(0)).toEqual({ times: [3, 4, 5], values: [30, 40, 50] });
  expect(ring.size).toBe(3);
});

test("a reading that is told again changes nothing", () => {
  const ring = new Ring(3);
  ring.push(5, 1);
  expect(ring.push(5, 2)).toBe(false);
  expect(ring.push(4, 2)).toBe(false);
  expect(ring.value).toBe(1);
});

test("a missing value stays missing", () => {
  const ring = new Ring(3);
  ring.push(1, null);
  expect(ring.value).toBeNull();
  expect(ring.since(0).values).toEqual([null]);
});

test("only what is asked for is given", () => {
  const ring = new Ring(8);
  for (const ts of [1, 2, 3, 4]) ring.push(ts, ts);
  expect(ring.since(3).times).toEqual([3, 4]);
});

test("a ring that has grown to its capacity lets the oldest go", () => {
  const ring = new Ring(100);
  for (let ts = 1; ts <= 250; ts++) ring.push(ts, ts * 2);
  const { times, values } = ring.since(0);
  expect([times.length, times[0], times[99], values[99]]).toEqual([100, 151, 250, 500]);
  expect([ring.newest, ring.value]).toEqual([250, 500]);
});
