import { describe, expect, it } from "vitest";

import type { Line } from "./types";
import { captionParts, digitsByUnit, markersNear, markerText, reading, statsOf, summary, valueText } from "./words";

const NOON = Date.parse("2026-01-31T12:00:00Z");
const HOUR = 3_600_000;
const line: Line = { id: "p", label: "Power", unit: "W", values: [1_000, null, 3_000, Number.NaN], low: [900, null, 2_500, null], high: [1_100, null, 3_500, null] };

describe("statsOf", () => {
  it("passes over what is not known, and knows where the last value is", () => {
    expect(statsOf(line.values)).toEqual({ min: 1_000, max: 3_000, last: 3_000, at: 2, isWhole: true });
  });
  it("is nothing of nothing", () => expect(statsOf([null, Number.NaN])).toBeUndefined());
});

describe("summary", () => {
  it("says what is to be seen", () => {
    const text = summary([line], { from: NOON, to: NOON + HOUR }, "UTC", []);
    expect(text).toContain("1 line, Jan 31, 2026, 12:00 to Jan 31, 2026, 13:00, UTC.");
    expect(text).toContain("Power: 1\u202fkW to 3\u202fkW, at the end 3\u202fkW.");
  });
  it("goes through six lines and counts the others", () => {
    const many = Array.from({ length: 9 }, (_, i) => ({ ...line, id: `${i}`, label: `L${i}` }));
    expect(summary(many, { from: NOON, to: NOON + HOUR }, "UTC", [])).toContain("And 3 more lines.");
  });
});

describe("valueText", () => {
  it("says the band as well", () => expect(valueText(line, 0)).toBe("1\u202fkW (900\u202fW to 1.1\u202fkW)"));
  it("is a dash where nothing is known", () => expect([valueText(line, 1), valueText(line, 3), valueText(line, undefined)]).toEqual(["–", "–", "–"]));
});

describe("digitsByUnit", () => {
  it("writes all temperatures of a legend alike", () => {
    const rooms = [[19.1, 20], [20, 21.5]].map((values, i): Line => ({ id: `${i}`, label: `r${i}`, unit: "degC", values }));
    const digits = digitsByUnit(rooms);
    expect(rooms.map((room) => valueText(room, 0, digits(room.unit)))).toEqual(["19.1\u202f°C", "20.0\u202f°C"]);
  });
});

describe("reading", () => {
  it("says the first six of many lines", () => {
    const many = Array.from({ length: 9 }, (_, i) => ({ ...line, id: `${i}`, label: `L${i}` }));
    const text = reading(0, [NOON], many, "UTC");
    expect(text).toContain("L5 1");
    expect(text).not.toContain("L6 1");
    expect(text).toContain("And 3 more lines.");
  });
  it("says the time, then each line", () => {
    expect(reading(0, [NOON], [{ ...line, low: undefined }], "UTC")).toBe("Jan 31, 2026, 12:00:00, Power 1\u202fkW");
  });
});

describe("captionParts", () => {
  it("says how coarse it is and how far it can be relied on", () => {
    const truth = { tier: 900_000, percentGood: 93.25, asOf: NOON };
    const parts = captionParts({ from: NOON, to: NOON + 24 * HOUR }, 240, "UTC", truth, [{ from: NOON, to: NOON + 2 * HOUR }]);
    expect(parts).toEqual(["1 px = 6 min", "from 15\u202fmin averages", "93.3% measured", "1 gap, 2\u202fh", "as of 12:00:00"]);
  });
  it("says nothing of what is whole", () => expect(captionParts({ from: 0, to: 0 }, 0, "UTC", { percentGood: 100, tier: 0 }, [])).toEqual([]));
});

describe("markers", () => {
  const markers = [{ ts: NOON, label: "door forced", kind: "alarm" }] as const;
  it("are named near the cursor", () => {
    expect(markersNear(markers, NOON + 5, 10)).toHaveLength(1);
    expect(markersNear(markers, NOON + 50, 10)).toHaveLength(0);
  });
  it("say what they are", () => expect(markerText(markers[0], "UTC")).toBe("Alarm 12:00:00: door forced"));
});
