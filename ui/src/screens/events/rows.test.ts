import { expect, test } from "vitest";
import { binsOf, counted, histogram, merged, narrowed, rowOf, type EventRow } from "./rows";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 2, 29, 12);

function row(id: string, ts: number, criticality = 5, source = ""): EventRow {
  return { id, ts, criticality, source, message: id };
}

test("an event that came live and is stored by now is one row", () => {
  const stored = [row("b", 2), row("a", 1)];
  expect(merged(stored, [row("c", 3), row("b", 2)]).map(({ id }) => id)).toEqual(["c", "b", "a"]);
});

test("without news the list stays the same, so nothing is drawn anew", () => {
  const stored = [row("a", 1)];
  expect(merged(stored, [row("a", 1)])).toBe(stored);
});

test("above is strict; a level and a source narrow further", () => {
  const rows = [row("a", 1, 5), row("b", 1, 6, "gate"), row("c", 1, 7, "gate"), row("d", 1, 7)];
  const ids = (of: Partial<Parameters<typeof narrowed>[1]>) => narrowed(rows, { above: 5, level: null, source: null, ...of }).map(({ id }) => id);
  expect(ids({})).toEqual(["b", "c", "d"]);
  expect(ids({ level: 7 })).toEqual(["c", "d"]);
  expect(ids({ level: 7, source: "gate" })).toEqual(["c"]);
});

test("levels are counted from the greatest down", () => {
  expect(counted([row("a", 1, 2), row("b", 1, 10), row("c", 1, 2)], ({ criticality }) => criticality)).toEqual([
    [10, 1],
    [2, 2],
  ]);
});

test("every row of the range lies in one bin", () => {
  const span = { from: NOON - 24 * HOUR, to: NOON };
  const { times, step } = binsOf(span, "UTC");
  expect(step).toBe(HOUR);
  const rows = Array.from({ length: 500 }, (_, n) => row(String(n), span.from + n * 170_000));
  expect(histogram(rows, times).reduce((sum, count) => sum + count, 0)).toBe(500);
});

test("what was before the first bin is not counted into it", () => {
  expect(histogram([row("a", NOON - 1), row("b", NOON)], [NOON, NOON + HOUR])).toEqual([1, 0]);
});

test("days of a long range begin at local midnight, also after the clocks change", () => {
  const { times } = binsOf({ from: NOON - 40 * 24 * HOUR, to: NOON + 10 * 24 * HOUR }, "Europe/Berlin");
  const hours = new Set(times.map((at) => new Intl.DateTimeFormat("en", { timeZone: "Europe/Berlin", hour: "numeric", hourCycle: "h23" }).format(at)));
  expect([...hours]).toEqual(["00"]);
});

test("an event that says little is still a row", () => {
  expect(rowOf({ id: "x", ts: "2026-01-31T12:00:00Z", criticality: null })).toEqual({ id: "x", ts: Date.UTC(2026, 0, 31, 12), criticality: 0, message: "", source: "" });
});
