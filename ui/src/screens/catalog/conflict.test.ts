import { expect, test } from "vitest";
import { attributesOf, faultOf, newPair, pairsOf } from "./attributes";
import { differences, merged } from "./conflict";

const room = (name: string, floor: string, attributes = {}) => ({ fields: { building: "hq", id: "1", name, floor }, attributes });
const BASE = room("A", "1", { wall: "brick", area: 12 });

test("what only one of two changed is kept from whoever did, and of both mine", () => {
  const [mine, theirs] = [room("Mine", "1", { wall: "clay", area: 12 }), room("Theirs", "2", { wall: "brick" })];
  const found = differences("rooms", BASE, mine, theirs);
  expect(found.map(({ id, usual }) => [id, usual])).toEqual([
    ["name", "mine"],
    ["floor", "theirs"],
    ["attributes.area", "theirs"],
    ["attributes.wall", "mine"],
  ]);
  const sides = new Map(found.map(({ id, usual }) => [id, usual]));
  expect(merged("rooms", mine, theirs, sides)).toEqual(room("Mine", "2", { wall: "clay" }));
});
test("what nobody changed does not differ", () => expect(differences("rooms", BASE, BASE, BASE)).toEqual([]));
test("an attribute may be called as a field is", () => {
  const [mine, theirs] = [room("A", "1", { name: "x" }), room("B", "1", { name: "y" })];
  const ids = differences("rooms", BASE, mine, theirs).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
test("merging all of theirs gives theirs, all of mine gives mine", () => {
  const [mine, theirs] = [room("M", "1", { a: 1 }), room("T", "2", { b: true })];
  const all = (side: "mine" | "theirs") => new Map(differences("rooms", BASE, mine, theirs).map(({ id }) => [id, side]));
  expect([merged("rooms", mine, theirs, all("mine")), merged("rooms", mine, theirs, all("theirs"))]).toEqual([mine, theirs]);
});

test("an attribute that nobody typed stays what it was: a text of digits is no number", () => {
  const was = { serial: "12", area: 12, on: true, note: "true" };
  expect(attributesOf(pairsOf(was))).toEqual(was);
});
test("an attribute that was typed is a number where it is one", () => {
  const [pair] = pairsOf({ serial: "12" });
  expect(attributesOf([{ ...pair!, value: "13" }])).toEqual({ serial: 13 });
});
test("a value without a name and a name that is there twice are faults, an empty pair is none", () => {
  const pairs = [newPair("a", "1"), newPair("", "2"), newPair(" a ", "3"), newPair()];
  expect(pairs.map((pair) => faultOf(pair, pairs))).toEqual([null, "unnamed", "twice", null]);
  expect(attributesOf([newPair(), newPair("a", "1")])).toEqual({ a: 1 });
});
