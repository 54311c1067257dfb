import { expect, test } from "vitest";
import { permalink } from "./link";
import { PRESETS } from "./presets";
import { resolve } from "./range";
import { BadRange, rangeOf, rangeSearch, searchOf } from "./search";
import { zoneOf } from "./zones";

const NOW = Date.parse("2026-11-21T15:30:00Z");

test("without parameters it is the last 24 hours, live, and the URL stays short", () => {
  expect(rangeSearch({})).toEqual({});
  expect(rangeOf({}, NOW)).toMatchObject({ ok: true, value: { live: true } });
});

test("what the router made of the texts is understood: numbers and booleans", () => {
  expect(rangeSearch({ from: 1767225600000, to: 1767229200000, live: false })).toEqual({
    from: "2026-01-01T00:00:00Z",
    to: "2026-01-01T01:00:00Z",
  });
  expect(rangeSearch({ live: 0 })).toEqual({ live: false });
});

test.each([
  [{ from: "yesterday" }, "notATime"],
  [{ from: ["now"] }, "notATime"],
  [{ from: "-1h", to: "-2h" }, "reversed"],
  [{ to: "-1h", live: true }, "liveNeedsNow"],
  [{ live: "maybe" }, "notABoolean"],
  [{ tz: "Europe/Atlantis" }, "noSuchZone"],
  [{ tz: { a: 1 } }, "noSuchZone"],
])("%j is refused as %s, with a message", (raw, code) => {
  let thrown: unknown;
  try {
    rangeSearch(raw);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(BadRange);
  expect((thrown as BadRange).fault.code).toBe(code);
  expect((thrown as BadRange).message.length).toBeGreaterThan(20);
});

test.each(Object.keys(PRESETS) as (keyof typeof PRESETS)[])("the preset %s survives the URL", (name) => {
  const back = rangeOf({ ...searchOf(PRESETS[name]) }, NOW);
  expect(back).toEqual({ ok: true, value: PRESETS[name] });
});

test("a paused range survives the URL", () => {
  const paused = { ...PRESETS.h1, live: false };
  expect(rangeOf({ ...searchOf(paused) }, NOW)).toEqual({ ok: true, value: paused });
});

test("the site's clock comes first, the reader's where there is no site", () => {
  const zones = { site: "Europe/Lisbon", mine: "Asia/Tokyo" };
  expect(zoneOf(undefined, zones)).toBe("Europe/Lisbon");
  expect(zoneOf("site", { ...zones, site: undefined })).toBe("Asia/Tokyo");
  expect(zoneOf("mine", zones)).toBe("Asia/Tokyo");
  expect(zoneOf("utc", zones)).toBe("UTC");
  expect(zoneOf("Europe/Oslo", zones)).toBe("Europe/Oslo");
});

test("a permalink has absolute times and the zone's name, and keeps the rest", () => {
  const span = resolve(PRESETS.yesterday, NOW, "Europe/Berlin");
  const link = permalink("http://host/ui/fleet?b.sort=-soc&live=true&from=-1d%2Fd", span, "Europe/Berlin");
  const params = Object.fromEntries(new URL(link).searchParams);
  expect(params).toEqual({ "b.sort": "-soc", from: "2026-11-19T23:00:00Z", to: "2026-11-20T23:00:00Z", tz: "Europe/Berlin" });
});
