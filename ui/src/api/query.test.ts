import { expect, test, vi } from "vitest";

vi.stubGlobal("location", { origin: "http://test" });
const { toLines } = await import("./query");

const answer = (columns: Record<string, (string | number | null)[]>) => ({
  columns,
  times: Float64Array.from(columns["ts"] as number[]),
  rows: columns["ts"]!.length,
  asOf: 0,
  stalenessMs: 0,
  complete: true,
  meta: {},
});

test("rows of two groups become two lines on one axis, with null where one has no point", () => {
  const { times, lines } = toLines(
    answer({
      name: ["a", "a", "a"],
      ts: [2000, 1000, 2000],
      metric: ["t", "t", "t"],
      unit: ["K", "K", "K"],
      room: ["1", "2", "2"],
      value: [5, 6, 7],
    }),
  );
  expect([...times]).toEqual([1000, 2000]);
  expect(lines.map((line) => [line.label, line.unit, line.values])).toEqual([
    ["1", "K", [null, 5]],
    ["2", "K", [6, 7]],
  ]);
});

test("a line without groups is called by its metric", () => {
  expect(toLines(answer({ name: ["a"], ts: [1], metric: ["power_w"], unit: ["W"], value: [1] })).lines[0]!.label).toBe("power_w");
});

test("no rows make no lines", () => expect(toLines(answer({ ts: [] })).lines).toEqual([]));
