import { describe, expect, test } from "vitest";
import { visible, type Column } from "./column";
import { csvCell, csvOf, jsonOf } from "./exports";
import { choicesOf, filtered, parseFilter, passes, printFilter } from "./filter";
import { rowAfterKey } from "./keys";
import { sorted } from "./sort";
import { stillThere } from "./useTable";
import { clearChange, columnsChange, filterChange, nextSort, parseState, sortChange } from "./state";

interface Battery {
  name: string;
  soc: number | null;
  state: string;
  seen: number;
}

const COLUMNS: Column<Battery>[] = [
  { id: "name", label: "Name", value: (b) => b.name, isTitle: true },
  { id: "soc", label: "Charge", kind: "number", value: (b) => b.soc },
  { id: "state", label: "State", kind: "choice", value: (b) => b.state },
  { id: "seen", label: "Seen", kind: "time", value: (b) => b.seen, isExtra: true },
  { id: "chart", label: "Chart", value: () => null, isPlain: true },
];
const ROWS: Battery[] = [
  { name: "Rack 10", soc: 0.5, state: "idle", seen: 0 },
  { name: "Rack 9", soc: null, state: "charging", seen: 1 },
  { name: "=Rack, 1", soc: 0.9, state: "idle", seen: 2 },
];
const [NAME, SOC, STATE] = COLUMNS as [Column<Battery>, Column<Battery>, Column<Battery>];
const names = (rows: readonly Battery[]) => rows.map((row) => row.name);

describe("order", () => {
  test("text with numbers is ordered as people do", () => expect(names(sorted(ROWS, NAME, false, "en"))).toEqual(["=Rack, 1", "Rack 9", "Rack 10"]));
  test("what is missing comes last in both directions", () => {
    expect(sorted(ROWS, SOC, false, "en").map((row) => row.soc)).toEqual([0.5, 0.9, null]);
    expect(sorted(ROWS, SOC, true, "en").map((row) => row.soc)).toEqual([0.9, 0.5, null]);
  });
  test("equal rows keep their order, also downwards", () => {
    expect(names(sorted(ROWS, STATE, true, "en"))).toEqual(["Rack 10", "=Rack, 1", "Rack 9"]);
  });
  test("10,000 rows take less than a tenth of a second", () => {
    const many = Array.from({ length: 10_000 }, (_, n) => ({ name: `Rack ${(n * 7919) % 10_007}`, soc: n, state: "", seen: 0 }));
    const start = performance.now();
    expect(sorted(many, SOC, true, "en")[0]?.soc).toBe(9_999);
    expect(performance.now() - start).toBeLessThan(100);
  });
});

describe("filters", () => {
  test.each([
    ["number", "<0.5"],
    ["number", "<=0.5"],
    ["number", "=3"],
    ["number", ">=-2"],
    ["number", ">1e-3"],
    ["number", "-2..8"],
    ["choice", "idle,charging"],
    ["choice", "a%2Cb,50%25"],
    ["text", "rack"],
  ] as const)("a %s filter %s is read and written the same", (kind, text) => {
    const filter = parseFilter(kind, text);
    expect(filter === null ? null : parseFilter(kind, printFilter(filter))).toEqual(filter);
    expect(filter).not.toBeNull();
  });

  test.each([
    ["number", "much"],
    ["number", "8..2"],
    ["number", ">"],
    ["text", "  "],
    ["time", "now"],
  ] as const)("%s %j is no filter", (kind, text) => expect(parseFilter(kind, text)).toBeNull());

  test("a value with a comma is one choice", () => {
    expect(parseFilter("choice", printFilter({ kind: "choice", values: ["a,b", "50%2C"] }))).toEqual({ kind: "choice", values: ["a,b", "50%2C"] });
  });

  test("bounds of a range pass", () => {
    const pass = passes({ kind: "number", op: "..", low: 2, high: 4 });
    expect([1.9, 2, 3, 4, 4.1, null, "3"].map(pass)).toEqual([false, true, true, true, false, false, false]);
  });

  test("what is missing passes no filter", () => {
    expect(names(filtered(ROWS, COLUMNS, { soc: { kind: "number", op: "<", low: 2 } }, ""))).toEqual(["Rack 10", "=Rack, 1"]);
  });

  test("a search holds all its words, in any column", () => {
    expect(names(filtered(ROWS, COLUMNS, {}, "idle 10"))).toEqual(["Rack 10"]);
    expect(filtered(ROWS, COLUMNS, {}, " ")).toBe(ROWS);
  });

  test("choices come with their counts, most frequent first", () => {
    expect(choicesOf(ROWS, STATE)).toEqual([{ value: "idle", count: 2 }, { value: "charging", count: 1 }]);
  });
});

describe("the URL", () => {
  test("all of it is read under the prefix, and other parameters are left alone", () => {
    const raw = { "b.sort": "-soc", "b.q": 10, "b.cols": "soc", "b.f.state": "idle", "c.sort": "name", from: "-1h" };
    expect(parseState(raw, "b", COLUMNS)).toEqual({
      sort: { column: "soc", isDown: true },
      search: "10",
      filters: { state: { kind: "choice", values: ["idle"] } },
      picked: ["soc"],
      faults: [],
    });
  });

  test("what means nothing is told, not dropped in silence", () => {
    const raw = { "b.sort": "-age", "b.cols": "soc,age", "b.f.age": "1", "b.f.soc": "full", "b.f.chart": "x" };
    const { faults, sort, filters } = parseState(raw, "b", COLUMNS);
    expect(faults.map((fault) => fault.parameter)).toEqual(["b.sort", "b.cols", "b.f.age", "b.f.soc", "b.f.chart"]);
    expect([sort, filters]).toEqual([null, {}]);
  });

  test("changes are parameters, and undefined takes them out", () => {
    expect(sortChange("b", { column: "soc", isDown: true })).toEqual({ "b.sort": "-soc" });
    expect(filterChange("b", "soc", null)).toEqual({ "b.f.soc": undefined });
    expect(columnsChange("b", ["name", "soc"])).toEqual({ "b.cols": "name,soc" });
    const state = parseState({ "b.f.state": "idle", "b.f.age": "1", "b.sort": "name" }, "b", COLUMNS);
    expect(Object.keys(clearChange("b", state)).sort()).toEqual(["b.f.age", "b.f.state", "b.q"]);
  });

  test("a heading is pressed through: numbers from the top, then upwards, then as they came", () => {
    const first = nextSort(null, SOC);
    const second = nextSort(first, SOC);
    expect([first?.isDown, second?.isDown, nextSort(second, SOC)]).toEqual([true, false, null]);
    expect(nextSort(first, NAME)).toEqual({ column: "name", isDown: false });
  });
});

test("the title is always shown, extras only when picked", () => {
  expect(visible(COLUMNS, null).map(({ id }) => id)).toEqual(["name", "soc", "state", "chart"]);
  expect(visible(COLUMNS, ["seen"]).map(({ id }) => id)).toEqual(["name", "seen"]);
});

describe("files", () => {
  test.each([
    ["=SUM(A1)", "'=SUM(A1)"],
    ["+49 30 1", "'+49 30 1"],
    ["-1.5", "-1.5"],
    ["-1.5e3", "-1.5e3"],
    ["@cmd", "'@cmd"],
    ["\tx", "'\tx"],
    ["a,b", '"a,b"'],
    ['=a"b', '"\'=a""b"'],
    ["a\nb", '"a\nb"'],
    [-3, "-3"],
    [null, ""],
    [true, "true"],
  ])("%j is %j in a CSV cell", (cell, expected) => expect(csvCell(cell)).toBe(expected));

  test("a file has a header of ids, instants as RFC 3339, and no plain columns", () => {
    expect(csvOf(COLUMNS, ROWS.slice(2))).toBe('name,soc,state,seen\r\n"\'=Rack, 1",0.9,idle,1970-01-01T00:00:00.002Z\r\n');
  });

  test("JSON says null for what is missing", () => {
    expect(JSON.parse(jsonOf(COLUMNS, ROWS.slice(1, 2)))).toEqual([{ name: "Rack 9", soc: null, state: "charging", seen: "1970-01-01T00:00:00.001Z" }]);
  });
});

test("keys stay inside the table", () => {
  expect(rowAfterKey(0, "ArrowUp", 5, 3)).toBe(0);
  expect(rowAfterKey(3, "PageDown", 5, 3)).toBe(4);
  expect(rowAfterKey(3, "Home", 5, 3)).toBe(0);
  expect(rowAfterKey(0, "End", 5, 3)).toBe(4);
  expect(rowAfterKey(0, "x", 5, 3)).toBeUndefined();
});

test("a row that is gone is not chosen any more, one that a filter hides is", () => {
  expect(stillThere(new Set(["Rack 9", "Rack 7"]), ROWS, (row) => row.name)).toEqual(new Set(["Rack 9"]));
});
