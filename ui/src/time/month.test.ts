import { expect, test } from "vitest";
import { addMonths, dayAfterKey, daysOf, firstWeekday, monthOf, weeksOf } from "./month";
import { DAY } from "./zone";

const day = (text: string) => Date.parse(`${text}T00:00:00Z`);
const text = (wall: number) => new Date(wall).toISOString().slice(0, 10);

test("weeks are whole and start on the language's first day", () => {
  const monday = weeksOf(day("2026-03-01"), 0);
  expect(monday).toHaveLength(6);
  expect(text(monday[0]?.[0] ?? 0)).toBe("2026-02-23");
  const sunday = weeksOf(day("2026-03-01"), 6);
  expect(sunday).toHaveLength(5);
  expect(text(sunday[0]?.[0] ?? 0)).toBe("2026-03-01");
});

test("every month of ten years is covered, each day once", () => {
  for (let month = day("2020-01-01"); month < day("2030-01-01"); month = addMonths(month, 1)) {
    const days = weeksOf(month, 0).flat().filter((one) => monthOf(one) === month);
    expect(new Set(days).size).toBe((addMonths(month, 1) - month) / DAY);
  }
});

test("a month on from the 31st is the last day of a shorter month", () => {
  expect(text(addMonths(day("2026-01-31"), 1))).toBe("2026-02-28");
  expect(text(addMonths(day("2028-03-31"), -1))).toBe("2028-02-29");
});

test.each([
  ["ArrowLeft", false, "2026-03-11"],
  ["ArrowRight", false, "2026-03-13"],
  ["ArrowUp", false, "2026-03-05"],
  ["ArrowDown", false, "2026-03-19"],
  ["Home", false, "2026-03-09"],
  ["End", false, "2026-03-15"],
  ["PageUp", false, "2026-02-12"],
  ["PageDown", false, "2026-04-12"],
  ["PageDown", true, "2027-03-12"],
])("%s (Shift %s) leads from Thursday 12 March 2026 to %s", (key, shift, expected) => {
  expect(text(dayAfterKey(day("2026-03-12"), key, shift, 0) ?? 0)).toBe(expected);
});

test("other keys lead nowhere", () => expect(dayAfterKey(0, "a", false, 0)).toBeUndefined());

test("a span that ends at midnight does not touch that day", () => {
  expect(daysOf(day("2026-03-01"), day("2026-03-02"))).toEqual({ first: day("2026-03-01"), last: day("2026-03-01") });
  expect(daysOf(day("2026-03-01") + 1, day("2026-03-02") + 1)).toEqual({ first: day("2026-03-01"), last: day("2026-03-02") });
});

test("a German week starts on Monday", () => expect(firstWeekday("de-DE")).toBe(0));
