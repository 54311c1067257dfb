/** The builder's question in the two languages of text: that of docs/query-language.md, and PromQL where it can say the same. */
import { convertedTo, type Ask, type Asked, type AskRow } from "./ask";

const PLAIN = /^[\p{L}\d_.:/*-]+$/u;
/** A name as both languages can read it. */
export const quoted = (text: string): string => (PLAIN.test(text) ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);

/** The question as one line, in the reader's units. `range` is its clause, such as `last 24h`. */
export function asText(ask: Ask, range: string, reader: Pick<Asked, "unitOf" | "degrees">): string {
  const rows = new Map(ask.rows.filter((row) => row.metric !== "").map((row) => [row.name, clauseOf(row, convertedTo(row, reader))]));
  const every = ask.window === "auto" ? "" : ` every ${ask.window}`;
  const fill = ask.fill === "none" ? "" : ` fill ${ask.fill}`;
  const math = ask.math.filter(({ expression }) => expression.trim() !== "");
  const only = rows.size === 1 && math.length === 0 ? [...rows.values()] : [...rows].map(([name, clause]) => `(${clause}) as ${name}`);
  return `${[...only, ...math.map(({ name, expression }) => `${spelled(expression, rows)} as ${name}`)].join(", ")}${every} ${range}${fill}`;
}

/** A filter that was added and not filled in filters nothing. */
const filled = (where: AskRow["where"]): [string, string][] => Object.entries(where).filter(([, text]) => text !== "");

function clauseOf({ fn, metric, where, by, shift }: AskRow, unit: string | undefined): string {
  const tests = filled(where).map(([key, text]) => `${key}${text.includes("*") ? "~" : "="}${quoted(text)}`);
  return [
    `${fn}(${quoted(metric)})`,
    unit === undefined ? "" : `in ${unit}`,
    tests.length ? `where ${tests.join(" and ")}` : "",
    by.length && fn !== "raw" ? `by ${by.join(", ")}` : "",
    shift === undefined ? "" : `shift ${shift}`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** The expression with what its names stand for. A name before a bracket is a function. */
function spelled(expression: string, rows: ReadonlyMap<string, string>): string {
  return expression.replace(/[a-z_]\w*(?!\w|\s*\()/gi, (name) => (rows.has(name) ? `(${rows.get(name)})` : name));
}

/** What PromQL calls the window that the answer has; its own for a range where the platform chooses. */
const OVER: Partial<Record<AskRow["fn"], { outer: string; inner: string }>> = {
  min: { outer: "min", inner: "min_over_time" },
  max: { outer: "max", inner: "max_over_time" },
  sum: { outer: "sum", inner: "sum_over_time" },
  count: { outer: "sum", inner: "count_over_time" },
};

export type Promised = { readonly query: string } | { readonly reason: "rows" | "fn" | "window" };

/** The question in PromQL over windows of `step`, or why there is none. */
export function asPromQL(ask: Ask, step: string): Promised {
  const rows = ask.rows.filter((row) => row.metric !== "");
  const row = rows[0];
  if (row === undefined || rows.length > 1 || ask.math.length > 0) return { reason: "rows" };
  if (/mo|y|all/.test(step)) return { reason: "window" };
  const by = row.by.length ? ` by (${row.by.map(labelOf).join(", ")})` : "";
  const offset = row.shift === undefined ? "" : ` offset ${row.shift}`;
  if (row.shift !== undefined && /mo/.test(row.shift)) return { reason: "window" };
  const ranged = `${selectorOf(row)}[${step}]${offset}`;
  // The mean of all readings, not of the series' means: a sensor that sends more often weighs more, as it does in the platform.
  if (row.fn === "mean") return { query: `sum${by} (sum_over_time(${ranged})) / sum${by} (count_over_time(${ranged}))` };
  const over = OVER[row.fn];
  return over === undefined ? { reason: "fn" } : { query: `${over.outer}${by} (${over.inner}(${ranged}))` };
}

const labelOf = (key: string): string => (key.startsWith("tag:") ? key.slice(4) : key);

function selectorOf({ metric, where }: AskRow): string {
  const isName = /^[a-z_:][\w:]*$/i.test(metric);
  const tests = filled(where).map(([key, text]) => `${labelOf(key)}${text.includes("*") ? "=~" : "="}${JSON.stringify(text.includes("*") ? regex(text) : text)}`);
  const all = isName ? tests : [`__name__=~${JSON.stringify(regex(metric))}`, ...tests];
  return `${isName ? metric : ""}${all.length ? `{${all.join(", ")}}` : ""}`;
}

function regex(glob: string): string {
  return glob.split("*").map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)).join(".*");
}
