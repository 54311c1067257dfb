import { expect, test } from "vitest";
import { keyOf, nameOf, valueOf } from "./kinds";
import { formatOf, kindOf } from "./formats";
import { sensorsOf } from "./sensors";

test("a room is named by its building and its id, each encoded", () => expect(keyOf("rooms", { building: "a/b", id: "1 2" })).toBe("a%2Fb/1%202"));
test("a point without a metric has two parts", () => expect(keyOf("points", { site_id: "s", sensor_id: "t", metric: "" })).toBe("s/t"));
test("a name stands before the key", () => expect(nameOf("sites", { fields: { id: "hq", name: "Headquarters" } })).toBe("Headquarters (hq)"));
test.each([
  ["21", 21],
  ["-0.5", -0.5],
  ["true", true],
  ["007", "007"],
  ["1e3", "1e3"],
  ["", ""],
  ["brick", "brick"],
])("the attribute %j is meant as %j", (text, value) => expect(valueOf(text)).toBe(value));
test("series of one sensor are one row, as old as the newest", () => {
  const series = [
    { site_id: "s", sensor_id: "t", metric: "temperature", last_ts: "2026-01-01T00:00:00Z" },
    { site_id: "s", sensor_id: "t", metric: "humidity", last_ts: "2026-01-02T00:00:00Z" },
  ];
  expect(sensorsOf(series)).toEqual([{ site: "s", sensor: "t", metrics: ["temperature", "humidity"], building: "", room: "", last: Date.UTC(2026, 0, 2) }]);
});
test.each([
  ["points.csv", "site_id,sensor_id", "csv"],
  ["model.jsonld", "{}", "brick"],
  ["model.json", '{"@context": {}}', "brick"],
  ["grid.json", '{"_kind": "grid"}', "haystack"],
  ["catalog.json", '{"rooms": []}', "json"],
])("%s that begins with %s is %s", (name, text, format) => expect(formatOf(name, text)).toBe(format));
test.each([
  ["id,name,zone,attributes", "points", "sites"],
  ["building,id,name,floor", "sites", "rooms"],
  ["site_id;sensor_id;building;room", "sites", "points"],
  ['"id","name","manufacturer"', "sites", "devices"],
  ["id,name", "buildings", "buildings"],
  ["what,ever", "rooms", "rooms"],
] as const)("a file that begins with %s, dropped beside %s, holds %s", (header, usual, kind) => expect(kindOf(`${header}\n1,2\n`, usual)).toBe(kind));
