import { describe, expect, it } from "vitest";

import { asCurl, asGraphQL, asPython, instant, type Question } from "./copyAs";
// What users copy is run against a platform by tests/journeys/test_copied_code.py.
import graphql from "./golden/rooms.graphql?raw";
import python from "./golden/rooms.py?raw";
import shell from "./golden/rooms.sh?raw";

const NOW = Date.parse("2026-01-31T12:00:00Z");
const ORIGIN = "http://127.0.0.1:8080";

const rooms: Question = {
  start: NOW - 4 * 3_600_000,
  end: NOW,
  fetch: {
    warmest: {
      where: { site: "copied", metric: "temperature", tags: { side: "chef's \"north\"" } },
      fn: "max",
      by: ["building", "room"],
      then: { fn: "percentile", by: ["building"], q: 50 },
      unit: "degC",
    },
    before: { where: { site: "copied", metric: "temperature" }, fn: "percentile", q: 95, by: ["building"], unit: "degC", shift: "1h" },
  },
  window: "15m",
  zone: "Europe/Berlin",
  math: { change: "warmest - before" },
  show: ["warmest", "change"],
  fill: "null",
  max_points: 100,
  descending: false,
};

const day: Question = { start: "-24h", fetch: { power: { where: { metric: "power_w" }, by: ["sensor"] } } };

describe("asCurl", () => {
  it("asks the whole question with the key of the environment", () => expect(asCurl(rooms, ORIGIN)).toBe(shell));
  it("leaves members out that say nothing", () => {
    expect(asCurl({ start: "-1h", max_points: null, fetch: { v: { unit: null } } }, ORIGIN)).not.toContain("null");
  });
});

describe("a question in words", () => {
  const words = "avg(temperature) where room='r 1' every 1h last 6h";
  it("is asked as words by a shell", () => {
    expect(asCurl(words, ORIGIN)).toBe(
      `curl -G ${ORIGIN}/v1/query -H "Authorization: Bearer $PENSTOCK_KEY" --data-urlencode 'q=avg(temperature) where room='\\''r 1'\\'' every 1h last 6h'\n`,
    );
  });
  it("is asked as words by Python", () => expect(asPython(words, ORIGIN, NOW)).toContain(`    for row in client.query(${JSON.stringify(words)}):\n`));
});

describe("asPython", () => {
  it("is the client's own words", () => expect(asPython(rooms, ORIGIN, NOW)).toBe(python));
  it("counts a range that ends now from when it is run", () => {
    const text = asPython(day, ORIGIN, NOW);
    expect(text).toContain("from datetime import timedelta\n");
    expect(text).toContain('Query.last(\n        timedelta(hours=24),\n        {\n            "power": fetch("mean", "power_w", by=("sensor",)),');
  });
  it("resolves times that the client has no words for", () => {
    expect(asPython({ ...day, end: "-1h" }, ORIGIN, NOW)).toContain('Query.between(\n        "2026-01-30T12:00:00Z",\n        "2026-01-31T11:00:00Z",');
  });
});

describe("asGraphQL", () => {
  it("is an input that the schema takes", () => expect(asGraphQL(rooms, NOW)).toBe(graphql));
  it("resolves times before now", () => {
    expect(asGraphQL(day, NOW)).toContain('start: "2026-01-30T12:00:00Z"\n    end: "2026-01-31T12:00:00Z"');
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
