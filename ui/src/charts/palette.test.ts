import { describe, expect, it } from "vitest";

import { ESTIMATED_DASH, lookOf } from "./palette";

describe("lookOf", () => {
  it("gives eight lines eight colours, all solid", () => {
    const looks = Array.from({ length: 8 }, (_, i) => lookOf(i));
    expect(new Set(looks.map((look) => look.color)).size).toBe(8);
    expect(looks.every((look) => look.dash.length === 0)).toBe(true);
  });
  it("dashes the ninth line, which has the first one's colour", () => {
    expect(lookOf(8).color).toBe(lookOf(0).color);
    expect(lookOf(8).dash).not.toEqual(lookOf(0).dash);
  });
  it("never gives two of thirty-two lines the same look", () => {
    const looks = Array.from({ length: 32 }, (_, i) => JSON.stringify(lookOf(i)));
    expect(new Set(looks).size).toBe(32);
  });
  it("dots what is estimated", () => expect(lookOf(0, { estimated: true }).dash).toBe(ESTIMATED_DASH));
  it("takes a colour that is asked for", () => expect(lookOf(3, { color: "--state-bad" }).color).toBe("--state-bad"));
  it("tells neighbours apart without colour where it has to", () => {
    const dashes = [0, 1, 2, 3].map((i) => JSON.stringify(lookOf(i, { distinct: true }).dash));
    expect(new Set(dashes).size).toBe(4);
  });
});
