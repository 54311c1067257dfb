import { expect, test } from "vitest";
import { accepts } from "./accepts";
import { matching } from "./matching";
import { byField, fieldOf } from "./problemFields";

test("a pointer names its field", () => {
  expect(fieldOf("#/name")).toBe("name");
  expect(fieldOf("/site/time_zone")).toBe("site.time_zone");
  expect(fieldOf("#/a~1b/~0c")).toBe("a/b.~c");
  expect(fieldOf("#/gr%C3%B6%C3%9Fe")).toBe("größe");
});

test("the whole body is no field", () => {
  expect(fieldOf("")).toBe("");
  expect(fieldOf("#")).toBe("");
});

test("several errors of one field stay together, in order", () => {
  const errors = [{ pointer: "#/name", detail: "too long" }, { detail: "no" }, { pointer: "#/name", detail: "taken" }];
  expect(byField(errors)).toEqual({ name: ["too long", "taken"], "": ["no"] });
});

const ROOMS = [
  { value: "b1-r10", label: "Büro 10" },
  { value: "b1-r2", label: "Lager 2", detail: "Büro nebenan" },
  { value: "b2-r2", label: "Flur" },
];

test("accents and case do not matter, and every word must fit somewhere", () => {
  expect(matching(ROOMS, "BURO").map((room) => room.value)).toEqual(["b1-r10", "b1-r2"]);
  expect(matching(ROOMS, "r2 b1").map((room) => room.value)).toEqual(["b1-r2"]);
});

test("labels that start with the text come first", () => {
  expect(matching([...ROOMS].reverse(), "büro").map((room) => room.value)).toEqual(["b1-r10", "b1-r2"]);
});

test("no text leaves everything as it is", () => expect(matching(ROOMS, "  ")).toBe(ROOMS));

test("files are taken by ending, media type or group", () => {
  expect(accepts([".csv"], { name: "A.CSV", type: "" })).toBe(true);
  expect(accepts(["text/*"], { name: "a", type: "text/csv" })).toBe(true);
  expect(accepts([".csv", "application/json"], { name: "a.xlsx", type: "application/zip" })).toBe(false);
});
