import { expect, test } from "vitest";
import { needsZone, timeFormOf, timeReader } from "./times";

test.each([
  ["1767225600", "s"],
  ["1767225600000", "ms"],
  ["1767225600000000", "us"],
  ["1767225600000000000", "ns"],
  ["2026-01-01T00:00:00Z", "iso"],
  ["2026-01-01 00:00", "iso"],
  ["31.12.2026 14:00", "dayFirst"],
  ["12/31/2026 14:00", "monthFirst"],
  ["yesterday", undefined],
])("%s is written as %s", (text, form) => expect(timeFormOf([text])).toBe(form));

const AT = Date.UTC(2026, 0, 1, 13, 30);
test.each([
  ["s", "1767274200", "UTC"],
  ["ms", "1767274200000", "UTC"],
  ["iso", "2026-01-01T14:30:00+01:00", "UTC"],
  ["iso", "2026-01-01 14:30", "Europe/Berlin"],
  ["dayFirst", "01.01.2026 14:30", "Europe/Berlin"],
  ["monthFirst", "01/01/2026 13:30", "UTC"],
] as const)("%s: %s by the clock of %s is an instant", (form, text, zone) => expect(timeReader(form, zone)(text)).toBe(AT));

test("a day that does not exist is no time", () => expect(timeReader("iso", "UTC")("2026-02-30 00:00")).toBeNull());
test("local times follow the clock through its change", () => {
  const read = timeReader("iso", "Europe/Berlin");
  expect([read("2026-03-29 01:59"), read("2026-03-29 03:00")]).toEqual([Date.UTC(2026, 2, 29, 0, 59), Date.UTC(2026, 2, 29, 1)]);
});
test("only times without an offset need a zone", () => {
  expect([needsZone("iso", ["2026-01-01T00:00Z"]), needsZone("iso", ["2026-01-01 00:00"]), needsZone("s", ["1"]), needsZone("dayFirst", ["1.1.2026"])]).toEqual([false, true, false, true]);
});
