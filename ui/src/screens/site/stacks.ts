/** The power of a site as stacks: what feeds it upwards, what takes from it downwards. */
import type { Line } from "../../charts";
import { t, type Key } from "../../i18n";
import type { FlowColumn, FlowSeries } from "./ask";
import { NODE_COLORS, NODE_WORDS, NODES, type NodeName } from "./flow";

/** A direction in which never more than this share of the greatest power flowed is not drawn: the standby of an inverter at night. */
const SEEN = 0.005;

const UP: Readonly<Partial<Record<NodeName, Key>>> = { grid: "site.gridIn", battery: "site.batteryOut", unmetered: "site.unmeteredOut" };
const DOWN: Readonly<Partial<Record<NodeName, Key>>> = { grid: "site.gridOut", battery: "site.batteryIn", unmetered: "site.unmeteredIn" };

/**
 * A line for each direction of each node: one line that changed its sign would leap from one stack into the other. Null stays
 * null. Dotted is what was computed from the others.
 */
export function powerStacks(columns: FlowSeries["columns"]): Line[] {
  const all = NODES.map((node) => ({ node, values: columns[`${node}_w` satisfies FlowColumn] }));
  const most = Math.max(0, ...all.flatMap(({ values }) => values.map((value) => Math.abs(value ?? 0))));
  return all.flatMap(({ node, values }) => {
    const estimated = node === "unmetered" || (columns.derived.length > 0 && columns.derived.every((name) => name === node));
    return [1, -1].flatMap((sign): Line[] => {
      const part = values.map((value) => (value === null ? null : sign > 0 ? Math.max(value, 0) : Math.min(value, 0)));
      if (!part.some((value) => Math.abs(value ?? 0) > SEEN * most)) return [];
      const word = (sign > 0 ? UP : DOWN)[node] ?? NODE_WORDS[node];
      return [{ id: `${node} ${sign > 0 ? "up" : "down"}`, label: t(word), unit: "W", values: part, kind: "stack", color: NODE_COLORS[node], estimated }];
    });
  });
}
