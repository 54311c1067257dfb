import { expect, test } from "vitest";
import { pivot } from "./pivot";

test("metrics of one time stand in one row, the newest first", () => {
  const columns = { ts: [1, 2, 2], metric: ["a", "a", "b"], value: [10, 20, null] };
  expect(pivot({ columns, times: Float64Array.from(columns.ts), rows: 3, asOf: 0, stalenessMs: 0, complete: true, meta: {} })).toEqual([
    { ts: 2, values: { a: 20, b: null } },
    { ts: 1, values: { a: 10 } },
  ]);
});
