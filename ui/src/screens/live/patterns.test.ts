import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://test" });
vi.stubGlobal("addEventListener", () => undefined);
const { isWanted, nearest, partsOf, patternOf, pinned, pinsOf, pinText, suggested, wishesOf } = await import("./patterns");

const named = (site: string, sensor: string, metric: string) => ({ key: [site, sensor.replaceAll("/", "%2F"), metric].join("/"), site, sensor, metric });
const ROOM = named("hq", "hq/r01", "temperature");
const METER = named("hq", "meter-1", "power_w");

test("an empty filter wishes for everything", () => expect(wishesOf(" ").map(patternOf)).toEqual(["*/*/*"]));

test("a word is looked for in sensors, metrics and sites", () => {
  const wishes = wishesOf("meter");
  expect(wishes.map(patternOf)).toEqual(["*/*meter*/*", "*/*/*meter*", "*meter*/*/*"]);
  expect([isWanted(wishes, METER), isWanted(wishes, ROOM)]).toEqual([true, false]);
});

test("a whole pattern keeps the slashes of a sensor's name", () => {
  expect(wishesOf("hq/hq/r0*/temperature").map(patternOf)).toEqual(["hq/hq%2Fr0*/temperature"]);
  expect(isWanted(wishesOf("hq/hq/r0*/temperature"), ROOM)).toBe(true);
});

test("letters that mean something in regular expressions mean themselves", () => {
  expect(isWanted(wishesOf("a.c"), named("s", "abc", "m"))).toBe(false);
  expect(isWanted(wishesOf("a(*"), named("s", "a(1", "m"))).toBe(true);
});

test.each([["a/b/c"], ["a/b%2Fc/d,e"], ["100%25/x/y"]])("pins survive the URL: %s", (pin) => expect(pinsOf(pinText([pin, "x/y/z"]))).toEqual([pin, "x/y/z"]));

test("the parts of a pin are as they were written", () => expect(partsOf("hq/hq%2Fr01/50%25")).toEqual({ site: "hq", sensor: "hq/r01", metric: "50%" }));

test("a pattern pins what it matches, a name also what is not known yet, nothing twice", () => {
  expect(pinned(["hq/*/temperature", "x/y/z", "hq/hq%2Fr01/temperature"], [ROOM, METER]).map((one) => one.key)).toEqual(["hq/hq%2Fr01/temperature", "x/y/z"]);
});

test("what is no pattern pins nothing", () => expect(pinned(["nonsense", "a/b"], [ROOM])).toEqual([]));

test("twelve at most are pinned", () => {
  const many = Array.from({ length: 20 }, (_, i) => named("s", `m${i}`, "v"));
  expect(pinned(["*/*/*"], many).length).toBe(12);
});

test("before anything is pinned there is one series of each metric, one that speaks", () => {
  const rows = [
    { ...named("a", "m1", "power_w"), ts: 0 },
    { ...named("a", "m2", "power_w"), ts: 999_000 },
    { ...named("a", "x", "odd"), ts: 999_000 },
    { ...named("a", "t", "temperature"), ts: 999_000 },
  ];
  expect(suggested(rows, 2, 1_000_000).map((row) => row.sensor)).toEqual(["m2", "t"]);
});

test("a mistyped name is near the one that was meant", () => {
  const rows = [ROOM, METER, named("lab", "valve", "position")];
  expect(nearest("temprature", rows, 1)).toEqual([ROOM]);
  expect(nearest("metre-1", rows, 1)).toEqual([METER]);
});
