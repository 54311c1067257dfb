import { describe, expect, it } from "vitest";

import { stepAlong, stepOver } from "./keys";

const press = (key: string, shift = false) => ({ key, shift });

describe("stepAlong", () => {
  it("goes by one, with Shift by ten", () => {
    expect(stepAlong(press("ArrowRight"), 5, 100)).toBe(6);
    expect(stepAlong(press("ArrowLeft", true), 50, 100)).toBe(40);
  });
  it("stays on the line", () => {
    expect(stepAlong(press("ArrowLeft"), 0, 100)).toBe(0);
    expect(stepAlong(press("ArrowRight", true), 95, 100)).toBe(99);
  });
  it("reaches both ends", () => {
    expect(stepAlong(press("Home"), 50, 100)).toBe(0);
    expect(stepAlong(press("End"), 50, 100)).toBe(99);
  });
  it("pages by a tenth of what is seen, forwards with PageUp as a slider does", () => {
    expect(stepAlong(press("PageUp"), 0, 1_000, 400)).toBe(40);
    expect(stepAlong(press("PageDown"), 500, 1_000, 400)).toBe(460);
  });
  it("leaves other keys to others", () => {
    expect(stepAlong(press("Tab"), 5, 100)).toBeUndefined();
    expect(stepAlong(press("ArrowLeft"), 0, 0)).toBeUndefined();
  });
});

describe("stepOver", () => {
  const at = { row: 5, column: 5 };
  it("goes in four directions", () => {
    expect(stepOver(press("ArrowUp"), at, 10, 10, 4)).toEqual({ row: 4, column: 5 });
    expect(stepOver(press("ArrowRight"), at, 10, 10, 4)).toEqual({ row: 5, column: 6 });
  });
  it("pages through rows, and goes to the ends of a row", () => {
    expect(stepOver(press("PageDown"), at, 10, 10, 4)).toEqual({ row: 9, column: 5 });
    expect(stepOver(press("End"), at, 10, 10, 4)).toEqual({ row: 5, column: 9 });
  });
  it("stays in the grid", () => expect(stepOver(press("ArrowDown", true), at, 10, 10, 4)).toEqual({ row: 9, column: 5 }));
  it("is nothing on an empty grid", () => expect(stepOver(press("ArrowDown"), at, 0, 0, 4)).toBeUndefined());
});
