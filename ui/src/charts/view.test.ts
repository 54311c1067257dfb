import { describe, expect, it } from "vitest";

import { extent, moved, perPixel, sameSpan, selected, zoomed } from "./view";

const day = { from: 0, to: 86_400_000 };

describe("zoomed", () => {
  it("keeps the middle where it is", () => expect(zoomed(day, 0.5)).toEqual({ from: 21_600_000, to: 64_800_000 }));
  it("keeps what is under the pointer where it is", () => expect(zoomed(day, 0.5, 0)).toEqual({ from: 0, to: 43_200_000 }));
  it("undoes itself", () => expect(zoomed(zoomed(day, 2), 0.5)).toEqual(day));
  it("does not go below a second", () => expect(zoomed({ from: 0, to: 1_000 }, 0.5)).toEqual({ from: 0, to: 1_000 }));
});

describe("moved", () => {
  it("moves by a share of what is seen", () => expect(moved(day, -0.5)).toEqual({ from: -43_200_000, to: 43_200_000 }));
});

describe("selected", () => {
  it("takes both directions", () => expect(selected(9_000, 1_000)).toEqual({ from: 1_000, to: 9_000 }));
  it("is nothing for a click", () => expect(selected(1_000, 1_005)).toBeUndefined());
});

describe("extent", () => {
  it("holds the step that begins at the last time", () => expect(extent([0, 60], 60)).toEqual({ from: 0, to: 120 }));
  it("of one instant is a second long", () => expect(extent([5], 0)).toEqual({ from: 5, to: 1_005 }));
  it("of nothing is nothing", () => expect(extent([], 60)).toBeUndefined());
});

describe("perPixel", () => {
  it("says how coarse a chart is", () => {
    expect(perPixel(day, 240)).toEqual({ count: 6, unit: "min" });
    expect(perPixel({ from: 0, to: 60_000 }, 1_000)).toEqual({ count: 60, unit: "ms" });
    expect(perPixel({ from: 0, to: 3_600_000 }, 800)).toEqual({ count: 4.5, unit: "s" });
  });
  it("says nothing without a width", () => expect(perPixel(day, 0)).toBeUndefined());
});

describe("sameSpan", () => {
  it("compares ends", () => {
    expect(sameSpan({ ...day }, day)).toBe(true);
    expect(sameSpan(undefined, day)).toBe(false);
  });
});
