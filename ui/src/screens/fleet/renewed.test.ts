import { describe, expect, it } from "vitest";
import type { AssetColumns } from "./ask";
import { renewed } from "./renewed";

const columns = { id: ["a", "b"], site_id: ["s", "s"], metric: ["soc", null], value: [0.5, 1], ts: [10, 10] } as unknown as AssetColumns;

describe("renewed", () => {
  it("takes what is newer, with its time", () => {
    const after = renewed(columns, (key) => (key === "s/a/soc" ? { ts: 11, value: 0.4 } : undefined));
    expect([after.value, after.ts]).toEqual([[0.4, 1], [11, 10]]);
    expect(columns.value).toEqual([0.5, 1]);
  });
  it("is the same object while nothing is newer", () => {
    expect(renewed(columns, () => ({ ts: 10, value: 0.4 }))).toBe(columns);
  });
});
