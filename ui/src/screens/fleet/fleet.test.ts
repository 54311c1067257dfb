import { describe, expect, it } from "vitest";
import type { AssetColumns, FleetAnswer } from "./ask";
import { assetKey, headline, placeOf, tilesOf } from "./assets";
import { powerBasis, powerQuestion, total } from "./power";
import { abnormal } from "./states";

const write = (value: number, unit: string | null): string => `${value} ${unit ?? ""}`.trim();

const columns: AssetColumns = {
  id: ["bat-1", "bat-2", "hq/r01", "m1"],
  site_id: ["hq", "hq", "hq", "lab"],
  name: ["Battery 1", "", "Room 1", "Meter"],
  building: ["", "", "hq", ""],
  room: ["", "", "r01", ""],
  kind: ["battery", "battery", "room", "meter"],
  state: ["ok", "silent", "ok", "late"],
  reason: ["", "last heard 2 h ago", "", "3 intervals late"],
  metric: ["soc", "soc", "temperature", "power_w"],
  value: [0.5, null, 294.15, 1200],
  unit: ["1", "1", "K", "W"],
  ts: [1, 1, 1, 1],
};

describe("tilesOf", () => {
  const names = new Map([["hq", "Headquarters"]]);
  const tiles = tilesOf(columns, names, new Map([[assetKey("hq", "bat-1"), "cells at 48 °C"]]), write);

  it("groups by the site's name, or its id where it has none", () => {
    expect(tiles.map((tile) => tile.group)).toEqual(["Headquarters", "Headquarters", "Headquarters", "lab"]);
  });
  it("marks what is of concern although it reports", () => {
    expect(tiles[0]).toMatchObject({ state: "warn", text: "50%, cells at 48 °C" });
  });
  it("fills by shares only", () => {
    expect(tiles.map((tile) => tile.fill)).toEqual([0.5, null, null, null]);
  });
  it("says why something is not as it should be, and calls the nameless by their id", () => {
    expect(tiles[1]).toMatchObject({ label: "bat-2", state: "stale", text: "last heard 2 h ago" });
  });
});

describe("headline", () => {
  it("is a share in per cent, anything else in the reader's unit, and nothing for nothing", () => {
    expect([headline(0.25, "1", write), headline(5, "W", write), headline(null, "W", write)]).toEqual(["25%", "5 W", ""]);
  });
});

describe("placeOf", () => {
  const place = (kind: string, more = {}) => placeOf({ id: "a", site: "hq", kind, ...more }).to;
  it("is the asset's own screen where it has one, else its site", () => {
    expect(place("battery")).toBe("/batteries/$battery");
    expect(place("room", { building: "b", room: "r" })).toBe("/buildings/$building/rooms/$room");
    expect(place("meter", { building: "b", room: "" })).toBe("/sites/$site");
  });
});

describe("powerBasis", () => {
  const fleet = (more: object): FleetAnswer => ({ sites: [], kinds: {}, ...more }) as unknown as FleetAnswer;
  it("is the grid where any site has meters of it", () => {
    expect(powerBasis(fleet({ sites: [{ energy_from: "load" }, { energy_from: "grid" }] }))).toBe("site");
  });
  it("is each meter where there are few", () => {
    expect(powerBasis(fleet({ kinds: { meter: { ok: 2, late: 1 } } }))).toBe("meter");
  });
  it("is nothing without meters, or with too many to tell apart", () => {
    expect(powerBasis(fleet({}))).toBeNull();
    expect(powerBasis(fleet({ kinds: { meter: { ok: 500 } } }))).toBeNull();
  });
  it("asks sites by their grid meters and meters by their sensors", () => {
    expect(powerQuestion("site", { from: 0, to: 1 }, 300).fetch["power"]).toMatchObject({ by: ["site"], where: { tags: { kind: "grid" } } });
    expect(powerQuestion("meter", { from: 0, to: 1 }, 300).fetch["power"]).toMatchObject({ by: ["site", "sensor"] });
  });
});

describe("total", () => {
  const line = (id: string, values: (number | null)[]) => ({ id, label: id, unit: "W", values });
  it("adds up where all are known and is unknown elsewhere", () => {
    expect(total([line("a", [1, 2]), line("b", [3, null])], "all")?.values).toEqual([4, null]);
  });
  it("says nothing that one line does not say itself", () => {
    expect(total([line("a", [1])], "all")).toBeUndefined();
  });
});

describe("abnormal", () => {
  it("tells the worst first and leaves out what is in order", () => {
    expect(abnormal({ ok: 5, late: 1, silent: 2, bad: 0, unknown: null })).toEqual([["silent", 2], ["late", 1]]);
  });
});
