import { expect, test } from "vitest";
import { parseTyped, typedText } from "./typed";

const BERLIN = "Europe/Berlin";
const NOW = Date.parse("2026-11-21T15:30:00Z");

function read(text: string, field: "from" | "to" = "from"): string {
  const parsed = parseTyped(text, field, BERLIN, NOW);
  if (!parsed.ok) return parsed.fault.code;
  return parsed.value.kind === "at" ? new Date(parsed.value.ms).toISOString() : "relative";
}

test.each([
  ["2026-03-29 14:00", "2026-03-29T12:00:00.000Z"],
  ["2026-3-9T4:05:06", "2026-03-09T03:05:06.000Z"],
  ["29.03.2026 14:00", "2026-03-29T12:00:00.000Z"],
  ["29.3.2026, 14:00", "2026-03-29T12:00:00.000Z"],
  ["2026-03-29T14:00:00Z", "2026-03-29T14:00:00.000Z"],
  ["2026-03-29 14:00 -05:00", "2026-03-29T19:00:00.000Z"],
  ["14:00", "2026-11-21T13:00:00.000Z"],
  ["2026-03-29 24:00", "2026-03-29T22:00:00.000Z"],
  ["  -24h ", "relative"],
  ["NOW", "relative"],
  ["/d", "relative"],
])("%j is %s in Berlin", (text, expected) => expect(read(text)).toBe(expected));

test("a day alone is its start as `from` and its end as `to`", () => {
  expect(read("2026-03-29", "from")).toBe("2026-03-28T23:00:00.000Z");
  expect(read("2026-03-29", "to")).toBe("2026-03-29T22:00:00.000Z");
});

test("a time that the clocks skipped is refused, not guessed", () => expect(read("2026-03-29 02:30")).toBe("noSuchTime"));

test("a time that comes twice is the first, unless the offset says the second", () => {
  expect(read("2026-10-25 02:30")).toBe("2026-10-25T00:30:00.000Z");
  expect(read("2026-10-25 02:30 +01:00")).toBe("2026-10-25T01:30:00.000Z");
});

test.each([
  ["2026-02-30", "noSuchDate"],
  ["2026-02-03 25:00", "noSuchDate"],
  ["2026-02-03 24:01", "noSuchDate"],
  ["3/29/2026", "notATime"],
  ["soon", "notATime"],
  ["", "notATime"],
])("%j is refused as %s", (text, expected) => expect(read(text)).toBe(expected));

test("what is written is read back, through a whole autumn night", () => {
  for (let ms = Date.parse("2026-10-24T20:00:00Z"); ms < Date.parse("2026-10-25T06:00:00Z"); ms += 601_000) {
    const parsed = parseTyped(typedText(ms, BERLIN), "from", BERLIN, NOW);
    expect(parsed.ok && parsed.value).toEqual({ kind: "at", ms });
  }
});

test("seconds are written only when there are some", () => {
  expect(typedText(Date.parse("2026-03-29T12:00:00Z"), BERLIN)).toBe("2026-03-29 14:00");
  expect(typedText(Date.parse("2026-03-29T12:00:09Z"), BERLIN)).toBe("2026-03-29 14:00:09");
});
