/** A question as the builder has it: rows that fetch, arithmetic between them, windows. It lives in the URL as JSON. */
import { unitFor } from "../../app/degrees";
import type { Degrees } from "../../app/settings";
import type { Question } from "../../charts";

export const FUNCTIONS = ["mean", "time_weighted_mean", "min", "max", "sum", "count", "first", "last", "p95", "median", "stddev", "delta", "increase", "rate", "energy", "coverage", "raw"] as const;
export type Fn = (typeof FUNCTIONS)[number];

export const KEYS = ["site", "building", "room", "equipment", "sensor"] as const;

export const WINDOWS = ["auto", "1m", "5m", "15m", "1h", "1d", "1w", "1mo", "all"] as const;
export const FILLS = ["none", "null", "previous", "linear"] as const;
export type Fill = (typeof FILLS)[number];
export const SHIFTS = ["1h", "1d", "1w", "1mo", "1y"] as const;

/** What one row fetches. `where` and `by` are by `site`, `building`, `room`, `equipment`, `sensor` and `tag:NAME`. */
export interface AskRow {
  readonly name: string;
  readonly metric: string;
  readonly fn: Fn;
  readonly where: Readonly<Record<string, string>>;
  readonly by: readonly string[];
  readonly shift?: string;
}

export interface Formula {
  readonly name: string;
  readonly expression: string;
}

export interface Ask {
  readonly rows: readonly AskRow[];
  readonly math: readonly Formula[];
  /** `auto`, `all`, or a window such as `15m`. */
  readonly window: string;
  readonly fill: Fill;
}

export const MOST_ROWS = 8;
/** Enough for the width of a screen; with windows of its own choice the platform makes them so wide that no more come. */
const MOST_POINTS = 1_500;
export const MOST_AUTO = 300;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";

/** The question that a link holds; undefined for what is none. */
export function parseAsk(text: string | undefined): Ask | undefined {
  if (text === undefined) return undefined;
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined; // the screen says that the link is wrong and shows a question that works
  }
  if (!isRecord(raw) || !Array.isArray(raw["rows"])) return undefined;
  const rows = raw["rows"].map(parseRow);
  if (rows.length === 0 || rows.length > MOST_ROWS || rows.some((row) => row === undefined)) return undefined;
  const math: unknown[] = Array.isArray(raw["math"]) ? raw["math"] : [];
  const window = raw["window"] ?? "auto";
  const fill = raw["fill"] ?? "none";
  if (!isText(window) || !FILLS.includes(fill as Fill)) return undefined;
  const formulas = math.filter((one): one is Record<string, unknown> => isRecord(one) && isText(one["name"]) && isText(one["expression"]));
  return { rows: rows as AskRow[], math: formulas.map((one) => ({ name: String(one["name"]), expression: String(one["expression"]) })), window, fill: fill as Fill };
}

function parseRow(raw: unknown): AskRow | undefined {
  if (!isRecord(raw)) return undefined;
  const { name, metric, fn = "mean", where = {}, by = [], shift } = raw;
  if (!isText(name) || !/^[a-z]\w*$/i.test(name) || !isText(metric) || !FUNCTIONS.includes(fn as Fn)) return undefined;
  if (!isRecord(where) || !Object.values(where).every(isText) || !Array.isArray(by) || !by.every(isText)) return undefined;
  if (shift !== undefined && !isText(shift)) return undefined;
  return { name, metric, fn: fn as Fn, where: where as Record<string, string>, by, ...(shift === undefined ? {} : { shift }) };
}

/** The question for the URL, without what has a default. */
export function printAsk({ rows, math, window, fill }: Ask): string {
  return JSON.stringify({
    rows: rows.map(({ where, by, fn, ...row }) => ({ ...row, ...(fn === "mean" ? {} : { fn }), ...(Object.keys(where).length ? { where } : {}), ...(by.length ? { by } : {}) })),
    ...(math.length ? { math } : {}),
    ...(window === "auto" ? {} : { window }),
    ...(fill === "none" ? {} : { fill }),
  });
}

/** The unit that a row is to be converted to, if any. */
export function convertedTo({ fn, metric }: AskRow, { unitOf, degrees }: Pick<Asked, "unitOf" | "degrees">): string | undefined {
  const unit = unitOf(metric);
  const wanted = unitFor(unit, degrees);
  return wanted !== null && wanted !== unit && !OWN_UNIT.has(fn) ? wanted : undefined;
}

/** Functions whose value is not a value of the metric: a difference of 1 K is no temperature of −272 °C. */
const OWN_UNIT = new Set<Fn>(["count", "stddev", "delta", "increase", "rate", "energy", "coverage"]);

export interface Asked {
  readonly start: string | number;
  readonly end: string | number;
  readonly zone: string;
  readonly degrees: Degrees;
  /** The metric's unit where it has one only. */
  readonly unitOf: (metric: string) => string | null;
}

/** The document that `POST /v1/query` takes. Rows without a metric are left out; undefined when none is left. */
export function questionOf(ask: Ask, { start, end, zone, degrees, unitOf }: Asked): Question | undefined {
  const rows = ask.rows.filter((row) => row.metric !== "");
  if (rows.length === 0) return undefined;
  const fetch = Object.fromEntries(rows.map((row) => [row.name, fetchOf(row, convertedTo(row, { unitOf, degrees }))]));
  const math = Object.fromEntries(ask.math.filter(({ expression }) => expression.trim() !== "").map(({ name, expression }) => [name, expression]));
  return {
    start,
    ...(end === "now" ? {} : { end }),
    fetch,
    window: ask.window === "all" ? 0 : ask.window,
    zone,
    ...(Object.keys(math).length ? { math } : {}),
    ...(ask.fill === "none" ? {} : { fill: ask.fill }),
    max_points: ask.window === "auto" && rows.some((row) => row.fn !== "raw") ? MOST_AUTO : MOST_POINTS,
  };
}

function fetchOf(row: AskRow, unit: string | undefined): Question["fetch"][string] {
  const tags = Object.fromEntries(Object.entries(row.where).flatMap(([key, text]) => (key.startsWith("tag:") && text !== "" ? [[key.slice(4), text]] : [])));
  const places = Object.fromEntries(Object.entries(row.where).filter(([key, text]) => !key.startsWith("tag:") && text !== ""));
  const [fn, q] = row.fn === "p95" ? (["percentile", 95] as const) : row.fn === "median" ? (["percentile", 50] as const) : ([row.fn, undefined] as const);
  return {
    where: { metric: row.metric, ...places, ...(Object.keys(tags).length ? { tags } : {}) },
    fn,
    ...(q === undefined ? {} : { q }),
    ...(row.by.length && fn !== "raw" ? { by: [...row.by] } : {}),
    ...(unit === undefined ? {} : { unit }),
    ...(row.shift === undefined ? {} : { shift: row.shift }),
  };
}

/** The next name that no row and no formula has: a, b, c … */
export function nextName(ask: Ask): string {
  const taken = new Set([...ask.rows, ...ask.math].map((one) => one.name));
  for (const letter of "abcdefghijklmnopqrstuvwxyz") if (!taken.has(letter)) return letter;
  return `z${taken.size}`;
}
