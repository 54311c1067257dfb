import { describe, expect, it } from "vitest";

import { changedTiles, countStates, layTiles, looksOf, placeOf, stepTiles, type Tile, tileAt } from "./tiles";

const tile = (i: number, group: string, more: Partial<Tile> = {}): Tile => ({ id: `${i}`, label: `b${i}`, group, state: "normal", ...more });
const fleet = (...counts: number[]) => counts.flatMap((count, g) => Array.from({ length: count }, (_, i) => tile(g * 1_000 + i, `site-${g}`)));
const press = (key: string, shift = false) => ({ key, shift });

describe("layTiles", () => {
  it("puts groups below each other, each with its heading", () => {
    const layout = layTiles(fleet(10, 3), 5 * 32);
    expect(layout.columns).toBe(5);
    expect(layout.groups.map(({ name, first, count, top }) => [name, first, count, top])).toEqual([
      ["site-0", 0, 10, 0],
      ["site-1", 10, 3, 24 + 2 * 32 + 8],
    ]);
  });
  it("has room for ten thousand", () => {
    const layout = layTiles(fleet(5_000, 5_000), 1_200);
    expect(layout.size).toBe(12);
    expect(layout.height).toBeLessThan(2_000);
  });
  it("is empty for nothing", () => expect(layTiles([], 100)).toMatchObject({ groups: [], height: 0 }));
});

describe("tileAt", () => {
  const layout = layTiles(fleet(7, 3), 5 * 32);
  it("undoes placeOf", () => {
    for (let i = 0; i < 10; i++) {
      const { x, y } = placeOf(layout, i);
      expect(tileAt(layout, x + 1, y + 1)).toBe(i);
    }
  });
  it("is nothing on headings, behind the last tile and beside the grid", () => {
    expect(tileAt(layout, 5, 5)).toBeUndefined();
    expect(tileAt(layout, 4 * 32 + 1, 24 + 32 + 1)).toBeUndefined();
    expect(tileAt(layout, 500, 30)).toBeUndefined();
  });
});

describe("stepTiles", () => {
  const layout = layTiles(fleet(7, 3), 5 * 32);
  it("goes down in its column, into the next group", () => {
    expect(stepTiles(layout, press("ArrowDown"), 1, 4)).toBe(6);
    expect(stepTiles(layout, press("ArrowDown"), 6, 4)).toBe(8);
  });
  it("goes up into the last row of the group before", () => expect(stepTiles(layout, press("ArrowUp"), 8, 4)).toBe(6));
  it("takes the last tile of a row that is too short", () => expect(stepTiles(layout, press("ArrowDown"), 4, 4)).toBe(6));
  it("stays where there is nothing further", () => {
    expect(stepTiles(layout, press("ArrowUp"), 2, 4)).toBe(2);
    expect(stepTiles(layout, press("PageDown"), 0, 9)).toBe(7);
    expect(stepTiles(layout, press("ArrowRight", true), 8, 4)).toBe(9);
  });
  it("reaches both ends", () => {
    expect(stepTiles(layout, press("Home"), 5, 4)).toBe(0);
    expect(stepTiles(layout, press("End"), 5, 4)).toBe(9);
  });
  it("leaves other keys to others", () => expect(stepTiles(layout, press("a"), 5, 4)).toBeUndefined());
});

describe("changedTiles", () => {
  it("finds what looks different", () => {
    const before = looksOf([tile(0, "s", { fill: 0.5 }), tile(1, "s"), tile(2, "s")], 12);
    const after = looksOf([tile(0, "s", { fill: 0.51 }), tile(1, "s", { state: "bad" }), tile(2, "s", { fill: 0 })], 12);
    expect(changedTiles(before, after)).toEqual([1, 2]);
  });
  it("is all of another fleet", () => expect(changedTiles(new Int16Array(1), new Int16Array(3))).toEqual([0, 1, 2]));
});

describe("countStates", () => {
  it("counts each state", () => {
    expect(countStates([tile(0, "s"), tile(1, "s", { state: "bad" }), tile(2, "s", { state: "bad" })])).toMatchObject({ bad: 2, normal: 1, warn: 0 });
  });
});
