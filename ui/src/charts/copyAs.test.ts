import { describe, expect, it } from "vitest";

import { asCurl, asGraphQL, asPython, instant, type Question } from "./copyAs";

const NOW = Date.parse("2026-01-31T12:00:00Z");
const ORIGIN = "http://127.0.0.1:8080";

const rooms: Question = {
  start: "-24h",
  fetch: { room: { where: { site: "hq", metric: "temperature" }, fn: "max", by: ["building", "room"], then: { fn: "mean", by: ["building"] }, unit: "degC" } },
  window: "15m",
  zone: "Europe/Berlin",
  max_points: 1000,
};

describe("asCurl", () => {
  it("asks with the key of the environment", () => {
    const text = asCurl(rooms, ORIGIN);
    expect(text).toMatch(/^curl http:\/\/127\.0\.0\.1:8080\/v1\/query -H "Authorization: Bearer \$PENSTOCK_KEY" --json '/);
    expect(JSON.parse(text.slice(text.indexOf("'") + 1, text.lastIndexOf("'")))).toEqual(rooms);
  });
  it("gives an apostrophe past the shell", () => {
    expect(asCurl({ start: "-1h", fetch: { v: { where: { room: "chef's" } } } }, ORIGIN)).toContain(String.raw`chef'\''s`);
  });
  it("leaves members out that say nothing", () => {
    expect(asCurl({ start: "-1h", max_points: null, fetch: { v: { unit: null } } }, ORIGIN)).not.toContain("null");
  });
});

describe("asPython", () => {
  it("is the client's own words", () => {
    expect(asPython(rooms, ORIGIN, NOW)).toBe(`from datetime import timedelta

from penstock_client import Client, Query, fetch

with Client(url="http://127.0.0.1:8080") as client:  # the key is in PENSTOCK_KEY
    query = Query.last(
        timedelta(hours=24),
        {
            "room": fetch("max", "temperature", site="hq", by=("building", "room"), unit="degC").over("mean", by=("building",)),
        },
        window="15m",
        zone="Europe/Berlin",
        max_points=1000,
    )
    for row in client.query(query):
        print(row.ts, row.name, row.groups, row.value, row.unit)
`);
  });
  it("names both ends of an absolute range", () => {
    const text = asPython({ ...rooms, start: NOW - 3_600_000, end: NOW }, ORIGIN, NOW);
    expect(text).toContain('Query.between(\n        "2026-01-31T11:00:00Z",\n        "2026-01-31T12:00:00Z",');
    expect(text).not.toContain("timedelta");
  });
  it("shifts, computes and shows", () => {
    const used = { where: { tags: { phase: "L1" } }, fn: "energy", unit: "kWh" } as const;
    const text = asPython(
      { start: "-7d", fetch: { used, before: { ...used, shift: "1w" } }, math: { change: "used - before" }, show: ["change"], descending: true },
      ORIGIN,
      NOW,
    );
    expect(text).toContain('"before": fetch("energy", tags={"phase": "L1"}, unit="kWh").shifted("1w")');
    expect(text).toContain('math={"change": "used - before"}');
    expect(text).toContain('show=("change",)');
    expect(text).toContain("descending=True");
  });
});

describe("asGraphQL", () => {
  it("writes the input that the schema takes", () => {
    expect(asGraphQL({ ...rooms, fill: "null", math: { half: "room / 2" } }, NOW)).toBe(`{
  query(input: {
    start: "2026-01-30T12:00:00Z"
    end: "2026-01-31T12:00:00Z"
    fetch: [{
      name: "room"
      where: {
        site: "hq"
        metric: "temperature"
      }
      fn: MAX
      by: ["building", "room"]
      then: {
        fn: MEAN
        by: ["building"]
      }
      unit: "degC"
    }]
    window: "15m"
    zone: "Europe/Berlin"
    math: [{
      name: "half"
      expression: "room / 2"
    }]
    fill: NULL
    maxPoints: 1000
  }) {
    lines { name metric unit groups { key value } columns { ts value } }
    window tier downsampled freshness { asOf stalenessMs complete }
  }
}
`);
  });
});

describe("instant", () => {
  it("counts from now", () => {
    expect(instant("-24h", NOW)).toBe(NOW - 86_400_000);
    expect(instant("now-7d", NOW)).toBe(NOW - 7 * 86_400_000);
    expect(instant("now", NOW)).toBe(NOW);
  });
  it("reads RFC 3339 and epoch milliseconds", () => {
    expect(instant("2026-01-31T13:00:00+01:00", NOW)).toBe(NOW);
    expect(instant(NOW, 0)).toBe(NOW);
  });
  it("refuses what is no time", () => expect(() => instant("tomorrow", NOW)).toThrow("tomorrow is not a time"));
});
