import { expect, test } from "vitest";
import { Board } from "./board";

const name = { number: 1, site_id: "hq", sensor_id: "m/1", metric: "power_w", unit: "W" };

function board() {
  const paints: (() => void)[] = [];
  return { board: new Board((then) => paints.push(then)), paint: () => paints.splice(0).forEach((then) => then()), paints };
}

test("news of one paint are told once, and only to who listens to that series", () => {
  const { board: live, paint, paints } = board();
  const key = live.announce(name);
  const told = { own: 0, other: 0, any: 0 };
  live.hear(key, () => told.own++);
  live.hear("other", () => told.other++);
  live.hear(null, () => told.any++);
  live.take(key, 1, 10);
  live.take(key, 2, 20);
  expect(paints.length).toBe(1);
  paint();
  expect(told).toEqual({ own: 1, other: 0, any: 1 });
  expect(live.reading(key)).toEqual({ ts: 2, value: 20, unit: "W" });
});

test("the same reading told again is no news", () => {
  const { board: live, paint, paints } = board();
  live.take("k", 1, 10);
  paint();
  live.take("k", 1, 10);
  expect(paints.length).toBe(0);
});

test("a slash in a name does not end a part", () => {
  expect(board().board.announce(name)).toBe("hq/m%2F1/power_w");
});

test("events come newest first and never twice", () => {
  const { board: live } = board();
  const event = (id: string, ts: string) => ({ id, ts, timestamp: ts, criticality: 3, message: "", source: "" });
  live.takeEvents([event("a", "2026-01-01T00:00:00Z")]);
  live.takeEvents([event("a", "2026-01-01T00:00:00Z"), event("b", "2026-01-02T00:00:00Z")]);
  expect(live.events.map((one) => one.id)).toEqual(["b", "a"]);
});

test("who stopped listening is not told", () => {
  const { board: live, paint } = board();
  let told = 0;
  const end = live.hear("k", () => told++);
  end();
  live.take("k", 1, 1);
  paint();
  expect(told).toBe(0);
});

test("a reading's delay is counted at the frame that shows it, and each reading once", () => {
  const paints: (() => void)[] = [];
  const live = new Board((then) => paints.push(then), () => 10_000);
  live.take("k", 9_900, 1);
  live.take("k", 9_950, 2);
  live.take("k", 9_950, 2);
  expect(live.delays.at(0.5, 10_000)).toBeUndefined();
  paints.splice(0).forEach((then) => then());
  expect(live.taken).toBe(2);
  expect([live.delays.at(0, 10_000), live.delays.at(1, 10_000)]).toEqual([50, 100]);
});
