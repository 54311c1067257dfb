import { describe, expect, it } from "vitest";

import { tickLabels } from "./ticks";

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);

describe("tickLabels", () => {
  it("says the day once, and again where the next one begins", () => {
    const ticks = [at("2026-03-11T20:00Z"), at("2026-03-11T22:00Z"), at("2026-03-12T00:00Z")];
    expect(tickLabels(ticks, 2 * HOUR, "UTC", "en-GB")).toEqual(["20:00\n11 Mar", "22:00", "00:00\n12 Mar"]);
  });
  it("writes the zone's own time", () => {
    expect(tickLabels([at("2026-07-01T22:00Z")], HOUR, "Europe/Berlin", "en-GB")).toEqual(["00:00\n2 Jul"]);
  });
  it("follows a clock that is set forward", () => {
    const ticks = [at("2026-03-29T00:00Z"), at("2026-03-29T01:00Z")];
    expect(tickLabels(ticks, HOUR, "Europe/Berlin", "en-GB").map((label) => label.slice(0, 5))).toEqual(["01:00", "03:00"]);
  });
  it("writes days, months and years where they are apart", () => {
    const ticks = [at("2025-12-31T00:00Z"), at("2026-01-01T00:00Z")];
    expect(tickLabels(ticks, 24 * HOUR, "UTC", "en-GB")).toEqual(["31 Dec\n2025", "1 Jan\n2026"]);
    expect(tickLabels(ticks, 30 * 24 * HOUR, "UTC", "en-GB")).toEqual(["Dec\n2025", "Jan\n2026"]);
    expect(tickLabels(ticks, 365 * 24 * HOUR, "UTC", "en-GB")).toEqual(["2025", "2026"]);
  });
  it("writes seconds and parts of them", () => {
    expect(tickLabels([at("2026-01-01T10:00:05Z")], 5_000, "UTC", "en-GB")).toEqual(["10:00:05\n1 Jan"]);
    expect(tickLabels([at("2026-01-01T10:00:05.250Z")], 250, "UTC", "en-GB")[0]).toContain("00:05.250");
  });
  it("speaks the reader's language", () => {
    expect(tickLabels([at("2026-03-11T20:00Z")], HOUR, "UTC", "de-DE")[0]).toMatch(/11\. März|11\. Mär/);
  });
});
