/** The range of the screen in the words of the query language and of a query document. */
import type { Range, Span } from "../../time";

function isRolling({ from, to }: Range): boolean {
  return from.kind === "ago" && from.snap === undefined && from.count > 0 && to.kind === "ago" && to.count === 0 && to.snap === undefined;
}

const ago = ({ from }: Range): string => (from.kind === "ago" ? `${from.count}${from.unit}` : "");
const iso = (ms: number): string => new Date(ms).toISOString().replace(".000Z", "Z");

/** `last 24h`, or `from … to …` for what is no length of time before now. */
export function rangeClause(range: Range, { from, to }: Span): string {
  return isRolling(range) ? `last ${ago(range)}` : `from ${iso(from)} to ${iso(to)}`;
}

/** The ends of a document that is to mean the same tomorrow: `-24h` and `now`, or instants. */
export function rangeEnds(range: Range, { from, to }: Span): { start: string | number; end: string | number } {
  return isRolling(range) ? { start: `-${ago(range)}`, end: "now" } : { start: iso(from), end: iso(to) };
}
