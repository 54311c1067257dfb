import { describe, expect, test } from "vitest";
import { addDays, HOUR, instantOf, instantsOf, knownZone, offsetText, startOf, wallOf } from "./zone";

const BERLIN = "Europe/Berlin";
const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();

describe("Berlin's clocks go forward on 29 March 2026 and back on 25 October", () => {
  test("a day on over the change is 23 hours in spring", () => {
    const before = at("2026-03-28T12:00:00+01:00");
    expect(addDays(before, 1, BERLIN) - before).toBe(23 * HOUR);
  });

  test("a day back over the change is 25 hours in autumn", () => {
    const after = at("2026-10-25T12:00:00+01:00");
    expect(after - addDays(after, -1, BERLIN)).toBe(25 * HOUR);
  });

  test("a time that was skipped moves on by the hour that is missing", () => {
    const wall = Date.UTC(2026, 2, 29, 2, 30);
    expect(instantsOf(wall, BERLIN)).toEqual([]);
    expect(iso(instantOf(wall, BERLIN))).toBe("2026-03-29T01:30:00.000Z");
  });

  test("a time that comes twice has two instants, and the first one is meant", () => {
    const wall = Date.UTC(2026, 9, 25, 2, 30);
    expect(instantsOf(wall, BERLIN).map(iso)).toEqual(["2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z"]);
    expect(iso(instantOf(wall, BERLIN))).toBe("2026-10-25T00:30:00.000Z");
  });

  test("the hour of the second 02:30 starts at the second 02:00", () => {
    expect(iso(startOf(at("2026-10-25T01:30:00Z"), "h", BERLIN))).toBe("2026-10-25T01:00:00.000Z");
  });

  test("the day of the change starts at its own midnight", () => {
    expect(iso(startOf(at("2026-03-29T20:00:00Z"), "d", BERLIN))).toBe("2026-03-28T23:00:00.000Z");
  });
});

test("a wall time and its instant agree through a whole year in zones with odd rules", () => {
  for (const zone of ["UTC", BERLIN, "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia"]) {
    for (let ms = at("2026-01-01T00:17:31Z"); ms < at("2027-01-01T00:00:00Z"); ms += 29 * HOUR) {
      expect(instantsOf(wallOf(ms, zone), zone)).toContain(ms);
    }
  }
});

test("a week starts on Monday, also when asked on a Sunday", () => {
  expect(iso(startOf(at("2026-11-22T15:00:00Z"), "w", "UTC"))).toBe("2026-11-16T00:00:00.000Z");
  expect(iso(startOf(at("2026-11-23T00:00:00Z"), "w", "UTC"))).toBe("2026-11-23T00:00:00.000Z");
});

test("a month starts on its first", () => {
  expect(iso(startOf(at("2026-02-28T23:30:00Z"), "M", BERLIN))).toBe("2026-02-28T23:00:00.000Z");
});

test("where clocks change at midnight, the day starts at one", () => {
  // Lebanon: 00:00 on 29 March 2026 does not exist.
  expect(iso(startOf(at("2026-03-29T10:00:00Z"), "d", "Asia/Beirut"))).toBe("2026-03-28T22:00:00.000Z");
});

test("milliseconds are kept, also before 1970", () => {
  expect(wallOf(-1, "UTC")).toBe(-1);
  expect(wallOf(at("2026-03-29T14:00:00.123Z"), "Asia/Kathmandu") % 1000).toBe(123);
});

test("offsets are written with their minutes", () => {
  expect(offsetText(at("2026-07-01T00:00:00Z"), BERLIN)).toBe("+02:00");
  expect(offsetText(at("2026-07-01T00:00:00.500Z"), "America/St_Johns")).toBe("-02:30");
});

test("a zone that Intl does not know is told apart", () => {
  expect(knownZone(BERLIN)).toBe(true);
  expect(knownZone("Europe/Atlantis")).toBe(false);
});
