import { describe, expect, test } from "vitest";
import { presetOf, PRESETS } from "./presets";
import {
  agoOf,
  checked,
  DEFAULT_RANGE,
  liveStep,
  NOW,
  parseBound,
  printBound,
  resolve,
  shifted,
  zoomed,
  type Range,
} from "./range";
import { DAY, HOUR, MINUTE } from "./zone";

const BERLIN = "Europe/Berlin";
const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();
const code = (text: string) => {
  const parsed = parseBound(text, "from");
  return parsed.ok ? "ok" : parsed.fault.code;
};

describe("texts", () => {
  test.each(["now", "-24h", "-90m", "-7d", "-2w", "-30s", "/d", "-1d/d", "/w", "/M", "2026-03-29T14:00:00Z", "2026-03-29T14:00:00.250Z"])(
    "%s is read and written the same",
    (text) => {
      const parsed = parseBound(text, "from");
      expect(parsed.ok && printBound(parsed.value)).toBe(text);
    },
  );

  test("an instant with an offset is kept in UTC", () => {
    const parsed = parseBound("2026-03-29T14:00:00+02:00", "from");
    expect(parsed.ok && printBound(parsed.value)).toBe("2026-03-29T12:00:00Z");
  });

  test("epoch milliseconds are an instant", () => {
    expect(parseBound("1767225600000", "from")).toEqual({ ok: true, value: { kind: "at", ms: 1767225600000 } });
  });

  test.each([
    ["", "notATime"],
    ["yesterday", "notATime"],
    ["-24", "notATime"],
    ["24h", "notATime"],
    ["-24y", "notATime"],
    ["2026-03-29", "notATime"],
    ["1767225600", "looksLikeSeconds"],
    ["2026-02-30T00:00:00Z", "noSuchDate"],
    ["2026-02-03T25:00:00Z", "noSuchDate"],
    ["1812-02-03T00:00:00Z", "outOfReach"],
    ["9999999999999", "outOfReach"],
  ])("%j is refused as %s", (text, expected) => expect(code(text)).toBe(expected));
});

describe("what a range is at a moment", () => {
  const now = at("2026-03-30T10:00:00+02:00");

  test("the last 24 hours are 24 hours, also over a clock change", () => {
    const span = resolve(DEFAULT_RANGE, now, BERLIN);
    expect(span.to - span.from).toBe(24 * HOUR);
  });

  test("the last 7 days are local days", () => {
    const span = resolve(PRESETS.d7, now, BERLIN);
    expect(span.to - span.from).toBe(7 * DAY - HOUR);
  });

  test("yesterday is the whole local day of 23 hours", () => {
    const span = resolve(PRESETS.yesterday, now, BERLIN);
    expect([iso(span.from), iso(span.to)]).toEqual(["2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]);
  });

  test("today at midnight is a second, never empty", () => {
    const midnight = at("2026-03-30T00:00:00+02:00");
    const span = resolve(PRESETS.today, midnight, BERLIN);
    expect(span.to - span.from).toBe(1000);
    expect(checked(PRESETS.today, midnight, BERLIN).ok).toBe(true);
  });

  test("a range that ends before it starts is refused", () => {
    const range: Range = { from: NOW, to: { kind: "at", ms: now - HOUR }, live: false };
    expect(checked(range, now, "UTC")).toMatchObject({ ok: false, fault: { code: "reversed", field: "to" } });
  });

  test("an empty range is refused", () => {
    const end = { kind: "at", ms: now } as const;
    expect(checked({ from: end, to: end, live: false }, now, "UTC").ok).toBe(false);
  });

  test("a live range that ends in the past is refused", () => {
    const range: Range = { ...PRESETS.yesterday, live: true };
    expect(checked(range, now, "UTC")).toMatchObject({ ok: false, fault: { code: "liveNeedsNow" } });
  });
});

describe("moving", () => {
  test("a day moved back over a clock change is the local day before", () => {
    const day = { from: at("2026-03-29T22:00:00Z"), to: at("2026-03-30T22:00:00Z") };
    const before = shifted(day, -1, BERLIN);
    expect([iso(before.from), iso(before.to)]).toEqual(["2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]);
    expect(shifted(before, 1, BERLIN)).toEqual(day);
  });

  test("hours are moved by their length", () => {
    const span = { from: at("2026-03-29T00:00:00Z"), to: at("2026-03-29T06:00:00Z") };
    expect(shifted(span, 1, BERLIN)).toEqual({ from: span.to, to: span.to + 6 * HOUR });
  });

  test("zooming keeps the middle, and in and out again is where it was", () => {
    const span = { from: 0, to: 8 * HOUR };
    expect(zoomed(span, 0.5)).toEqual({ from: 2 * HOUR, to: 6 * HOUR });
    expect(zoomed(zoomed(span, 0.5), 2)).toEqual(span);
  });

  test("zooming a live range keeps its end", () => expect(zoomed({ from: 0, to: HOUR }, 2, "end")).toEqual({ from: -HOUR, to: HOUR }));

  test("nothing is shorter than a second", () => expect(zoomed({ from: 0, to: 1000 }, 0.5)).toEqual({ from: 0, to: 1000 }));
});

test("a length is said in the largest exact unit, in hours at most", () => {
  expect(printBound(agoOf(48 * HOUR))).toBe("-48h");
  expect(printBound(agoOf(90 * MINUTE))).toBe("-90m");
  expect(printBound(agoOf(45_400))).toBe("-45s");
});

test("a live range moves at least every quarter of an hour, and a short one every 5 s", () => {
  expect(liveStep(15 * MINUTE)).toBe(5_000);
  expect(liveStep(24 * HOUR)).toBe(MINUTE);
  expect(liveStep(365 * DAY)).toBe(15 * MINUTE);
});

test("a preset is known by its ends", () => {
  expect(presetOf(DEFAULT_RANGE)).toBe("h24");
  expect(presetOf({ ...DEFAULT_RANGE, live: false })).toBe("h24");
  expect(presetOf({ from: agoOf(25 * HOUR), to: NOW, live: true })).toBeUndefined();
});
