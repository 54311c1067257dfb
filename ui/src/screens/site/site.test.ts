import { describe, expect, it } from "vitest";
import type { QueryAnswer } from "../../api/query";
import { DAY, HOUR, MINUTE } from "../../time";
import type { FlowAnswer, FlowSeries } from "./ask";
import { dailyEnergy, energyQuestion, usersOf } from "./energy";
import { drawnFlows, drawnNodes, NODES, pathOf } from "./flow";
import { flowWindow } from "./flowWindow";
import { powerStacks } from "./stacks";

const node = (name: string, power: number | null, more = {}) => ({ node: name, present: true, measured: true, derived: false, power_w: power, ...more });
const answer = (more: object): FlowAnswer => ({ nodes: [], flows: [], meters: [], ...more }) as unknown as FlowAnswer;

describe("drawnNodes", () => {
  const nodes = drawnNodes(answer({ nodes: [node("grid", -500), node("battery", 200), node("load", null, { measured: false }), node("unmetered", 3, { measured: false, derived: true }), node("pv", 1, { present: false })] }));
  const known = Object.fromEntries(nodes.map((one) => [one.name, one.known]));

  it("leaves out what is not there", () => {
    expect(nodes.map((one) => one.name)).not.toContain("pv");
  });
  it("tells measured, computed and unknown apart", () => {
    expect(known).toEqual({ grid: "measured", battery: "measured", load: "unknown", unmetered: "derived" });
  });
  it("says which way grid and battery go", () => {
    expect(nodes.slice(0, 2).map((one) => one.does)).toEqual(["site.takes", "site.discharges"]);
  });
});

describe("drawnFlows", () => {
  const flow = (from: string, to: string, power_w: number) => ({ from, to, power_w });
  it("makes more power wider and faster", () => {
    const [much, little] = drawnFlows(answer({ flows: [flow("pv", "load", 10_000), flow("pv", "battery", 100)] }));
    expect(much!.width).toBeGreaterThan(little!.width);
    expect(much!.seconds).toBeLessThan(little!.seconds);
  });
  it("draws nothing where less than a watt flows", () => {
    expect(drawnFlows(answer({ flows: [flow("pv", "load", 0.2)] }))).toEqual([]);
  });
  it("has a finite path between any two nodes", () => {
    for (const from of NODES) for (const to of NODES) if (from !== to) expect(pathOf(from, to)).toMatch(/^M-?[\d.]+,-?[\d.]+Q190,180 -?[\d.]+,-?[\d.]+$/);
  });
});

describe("flowWindow", () => {
  it.each([
    [HOUR, MINUTE],
    [DAY, 15 * MINUTE],
    [7 * DAY, HOUR],
    [28 * DAY, DAY],
  ])("of %d ms is %d ms", (length, window) => {
    expect(flowWindow({ from: 0, to: length }).ms).toBe(window);
  });
});

describe("powerStacks", () => {
  const nothing = [null, null];
  const columns = (more: object) => ({ ts: [0, 1], derived: [null, null], ...Object.fromEntries(NODES.map((name) => [`${name}_w`, nothing])), ...more }) as unknown as FlowSeries["columns"];
  it("splits what goes both ways, so that no line leaps over zero", () => {
    const lines = powerStacks(columns({ battery_w: [5, -3], load_w: [-5, null] }));
    expect(lines.map((line) => [line.id, line.values])).toEqual([
      ["battery up", [5, 0]],
      ["battery down", [0, -3]],
      ["load down", [-5, null]],
    ]);
  });
  it("leaves out a direction in which next to nothing flowed", () => {
    expect(powerStacks(columns({ pv_w: [10_000, -34] })).map((line) => line.id)).toEqual(["pv up"]);
  });
  it("marks what was computed", () => {
    expect(powerStacks(columns({ load_w: [-5, -5], derived: ["load", "load"] }))[0]?.estimated).toBe(true);
  });
});

describe("energy", () => {
  const rows = (list: [name: string, ts: number, id: string, value: number, coverage?: number][]): QueryAnswer => ({
    columns: { name: list.map((row) => row[0]), equipment: list.map((row) => row[2]), sensor_id: list.map((row) => row[2]), value: list.map((row) => row[3]), coverage: list.map((row) => row[4] ?? 1) },
    times: Float64Array.from(list, (row) => row[1]),
    rows: list.length,
    asOf: 0,
    stalenessMs: 0,
    complete: true,
    meta: {},
  });
  const users = usersOf(answer({ meters: [{ node: "load", id: "a", name: "Hall" }, { node: "ev", id: "b" }, { node: "grid", id: "g" }] }));

  it("belongs to loads and vehicles, or to the grid for want of them", () => {
    expect([...users.names]).toEqual([["a", "Hall"], ["b", "b"]]);
    expect(usersOf(answer({ meters: [{ node: "grid", id: "g" }] }))).toMatchObject({ areLoads: false });
  });
  it("stacks the greatest first and leaves out who is no user", () => {
    const { series } = dailyEnergy(rows([["used", 0, "b", 9], ["used", 0, "a", 1], ["used", DAY, "a", 2], ["used", 0, "g", 50]]), users, "Others");
    expect(series.map((one) => [one.label, one.values])).toEqual([["b", [9, null]], ["Hall", [1, 2]]]);
  });
  it("puts all but six together", () => {
    const many = usersOf(answer({ meters: "abcdefgh".split("").map((id) => ({ node: "load", id })) }));
    const { series } = dailyEnergy(rows("abcdefgh".split("").map((id, i) => ["used", 0, id, 10 - i])), many, "Others");
    expect(series).toHaveLength(7);
    expect(series[6]).toMatchObject({ label: "Others", values: [4 + 3] });
  });
  it("compares with a day before only if that was measured", () => {
    const { before } = dailyEnergy(rows([["before", 0, "a", 5], ["before", DAY, "a", 1, 0.1], ["before", DAY, "b", 1]]), users, "Others");
    expect(before).toEqual([5, null]);
  });
  it("asks for whole local days up to now, and for as many before", () => {
    const now = Date.UTC(2026, 9, 26, 12);
    const question = energyQuestion("hq", "week", now, "Europe/Berlin");
    // Clocks went back on the 25th: the range is an hour longer than its days.
    expect(question.start).toBe(Date.UTC(2026, 9, 19, 22));
    expect(question).toMatchObject({ end: now, window: "1d", fetch: { before: { shift: "1w" } } });
  });
});
