/** Filters of a table and their texts in the URL: `charging,idle` · `>=0.5` · `2..8` · any text. */
import { folded } from "../forms/matching";
import type { Cell, Column } from "./column";

export type Filter =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  | { readonly kind: "number"; readonly op: NumberOp; readonly low: number; readonly high?: number };

export type NumberOp = "<" | "<=" | "=" | ">=" | ">" | "..";

const COMPARED = /^(<=|>=|<|>|=)?(-?\d+(?:\.\d+)?(?:e-?\d+)?)$/i;
const BETWEEN = /^(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)$/;

type Kind = NonNullable<Column<unknown>["kind"]>;

/** The filter that a text means for a column of this kind; null when it means none. */
export function parseFilter(kind: Kind, text: string): Filter | null {
  if (text.trim() === "") return null;
  if (kind === "text") return { kind, text };
  if (kind === "choice") return { kind, values: text.split(",").map((value) => value.replaceAll("%2C", ",").replaceAll("%25", "%")) };
  if (kind === "time") return null;
  const between = BETWEEN.exec(text);
  if (between !== null) {
    const [low, high] = [Number(between[1]), Number(between[2])];
    return low <= high ? { kind, op: "..", low, high } : null;
  }
  const compared = COMPARED.exec(text);
  return compared === null ? null : { kind, op: (compared[1] ?? "=") as NumberOp, low: Number(compared[2]) };
}

/** The text of a filter; `parseFilter` gives the filter back. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case "text":
      return filter.text;
    case "choice":
      return filter.values.map((value) => value.replaceAll("%", "%25").replaceAll(",", "%2C")).join(",");
    case "number":
      return filter.op === ".." ? `${filter.low}..${filter.high}` : `${filter.op}${filter.low}`;
  }
}

/** Whether a cell passes. What is not there passes no filter. */
export function passes(filter: Filter): (cell: Cell) => boolean {
  if (filter.kind === "text") {
    const wanted = folded(filter.text.trim());
    return (cell) => cell != null && folded(String(cell)).includes(wanted);
  }
  if (filter.kind === "choice") {
    const wanted = new Set(filter.values);
    return (cell) => cell != null && wanted.has(String(cell));
  }
  const { op, low, high = low } = filter;
  const holds: Record<NumberOp, (n: number) => boolean> = {
    "<": (n) => n < low,
    "<=": (n) => n <= low,
    "=": (n) => n === low,
    ">=": (n) => n >= low,
    ">": (n) => n > low,
    "..": (n) => n >= low && n <= high,
  };
  return (cell) => typeof cell === "number" && holds[op](cell);
}

/** The rows that pass every filter and hold every word of `search` in some column; the same array when nothing is asked. */
export function filtered<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  filters: Readonly<Record<string, Filter>>,
  search: string,
): readonly Row[] {
  const tests = columns.flatMap((column) => {
    const filter = filters[column.id];
    return filter === undefined ? [] : [{ value: column.value, pass: passes(filter) }];
  });
  const words = folded(search.trim()).split(/\s+/).filter(Boolean);
  if (tests.length === 0 && words.length === 0) return rows;
  const searched = columns.filter((column) => column.isPlain !== true && column.kind !== "time");
  return rows.filter((row) => {
    if (!tests.every(({ value, pass }) => pass(value(row)))) return false;
    if (words.length === 0) return true;
    const text = folded(searched.map((column) => column.value(row) ?? "").join(" "));
    return words.every((word) => text.includes(word));
  });
}

/** The different values of a column, most frequent first: what a choice filter offers. */
export function choicesOf<Row>(rows: readonly Row[], column: Column<Row>): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const cell = column.value(row);
    if (cell != null) counts.set(String(cell), (counts.get(String(cell)) ?? 0) + 1);
  }
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}
