/** The data of a plan's series: what uPlot draws, from what the lines say. */

import { isKnown } from "./gaps";
import type { Plan } from "./plan";
import type { Line, Values } from "./types";

/** A column as uPlot takes it: null where there is no value. */
export type Column = ArrayLike<number | null | undefined>;

interface Edges {
  low: Column;
  high: Column;
}

/** The columns of a plan's series, in its order, and without the times. Lines that are hidden take no room in a stack. */
export function alignColumns(plan: Plan, lines: readonly Line[], hidden: ReadonlySet<string>): Column[] {
  const stacked = new Map<number, Edges>();
  for (const scale of plan.scales) {
    const members = plan.series.filter((s) => s.kind === "stack" && s.role === "high" && s.scale === scale.key);
    const shown = members.map((s) => s.line).filter((index) => !hidden.has(lines[index]?.id ?? ""));
    stackUp(shown.map((index) => lines[index]?.values ?? [])).forEach((edges, i) => stacked.set(shown[i] as number, edges));
  }
  return plan.series.map((series) => {
    const line = lines[series.line];
    if (line === undefined) return [];
    if (series.kind === "stack") return stacked.get(series.line)?.[series.role === "low" ? "low" : "high"] ?? nothing(line.values.length);
    return withoutNaN(series.role === "value" ? line.values : (line[series.role] ?? []));
  });
}

/**
 * Stacks values: positive ones upwards from zero, negative ones downwards, so that neither hides the other. A zero is on the side
 * of its line, so that an area begins and ends there; zeros among zeros have no edges.
 */
export function stackUp(columns: readonly Values[]): Edges[] {
  const length = columns[0]?.length ?? 0;
  const tops = { up: new Float64Array(length), down: new Float64Array(length) };
  return columns.map((values) => {
    const own = isDownwards(values) ? tops.down : tops.up;
    const low = new Array<number | null>(length).fill(null);
    const high = new Array<number | null>(length).fill(null);
    for (let i = 0; i < length; i++) {
      const value = values[i];
      if (!isKnown(value) || !(value || values[i - 1] || values[i + 1])) continue;
      const side = value > 0 ? tops.up : value < 0 ? tops.down : own;
      const [from, to] = [side[i] as number, (side[i] as number) + value];
      side[i] = to;
      low[i] = Math.min(from, to);
      high[i] = Math.max(from, to);
    }
    return { low, high };
  });
}

/** Whether what is not zero is negative. */
function isDownwards(values: Values): boolean {
  for (let i = 0; i < values.length; i++) if (values[i]) return (values[i] as number) < 0;
  return false;
}

/** The column itself where all is known: a canvas bridges what is not a number, so NaN has to become null. */
export function withoutNaN(values: Values): Column {
  let known = 0;
  while (known < values.length && values[known] === values[known]) known++;
  return known === values.length ? values : Array.from(values, (value) => (isKnown(value) ? value : null));
}

function nothing(length: number): Column {
  return new Array<null>(length).fill(null);
}
