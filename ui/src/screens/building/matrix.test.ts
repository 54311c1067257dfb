import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://test" });
const { byRoom, matrixOf } = await import("./matrix");

const answer = (columns: Record<string, (string | number | null)[]>) => ({
  columns,
  times: Float64Array.from((columns["ts"] ?? []) as number[]),
  rows: columns["room"]!.length,
  asOf: 0,
  stalenessMs: 0,
  complete: true,
  meta: {},
});

test("every room has every window, null where nothing was measured", () => {
  const { times, rows } = matrixOf(
    answer({ room: ["a", "b", "gone"], ts: [10, 20, 10], value: [1, 2, 3] }),
    [
      { id: "a", label: "A" },
      { id: "b", label: "B" },
    ],
    { from: 12, to: 35 },
    10,
  );
  expect(times).toEqual([10, 20, 30]);
  expect(rows.map((row) => row.values)).toEqual([
    [1, null, null],
    [null, 2, null],
  ]);
});

test("the whole range's numbers are told apart by name", () =>
  expect([...byRoom(answer({ room: ["a", "a"], name: ["mean", "least"], ts: [0, 0], value: [2, null] }))]).toEqual([["a", { mean: 2, least: null }]]));
