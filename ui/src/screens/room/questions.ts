import { windowFor } from "../../api/windows";
import { unitFor } from "../../app/degrees";
import type { Degrees } from "../../app/settings";
import type { Question } from "../../charts";
import type { Measured } from "../building/data";
import { isCounter } from "../building/metrics";

const POINTS = 600;
/** Bars must be wide enough to be told apart. */
const BARS = 48;
const QUARTER = 15 * 60_000;
const DAY = 86_400_000;

export interface Place {
  building: string;
  room: string;
}

interface Span {
  from: number;
  to: number;
}

export interface Asked {
  question: Question;
  /** How far apart values are, ms. */
  stepMs: number;
  isCounter: boolean;
}

/** What is shown over time of one metric of a room: the mean of each of its sensors, or what counters counted. */
export function chartQuestion({ building, room }: Place, of: Pick<Measured, "metric" | "unit">, degrees: Degrees, { from, to }: Span, zone: string, intervalMs: number): Asked {
  const counts = isCounter(of.unit);
  const stepMs = windowFor(to - from, counts ? BARS : POINTS, intervalMs);
  const where = { building, room, metric: of.metric };
  const fetch = counts ? { used: { where, fn: "energy", unit: "kWh" } } : { mean: { where, fn: "mean", by: ["sensor"], unit: unitFor(of.unit, degrees) } };
  return { question: { start: from, end: to, fetch: fetch as Question["fetch"], window: stepMs, zone }, stepMs, isCounter: counts };
}

/** Means of a quarter of an hour of each metric, the newest first: of the last day of the range. */
export function averagesQuestion({ building, room }: Place, metrics: readonly Pick<Measured, "metric" | "unit">[], degrees: Degrees, { from, to }: Span, zone: string): Question {
  const fetch = metrics.map(({ metric, unit }, n) => [`m${n}`, { where: { building, room, metric }, fn: "mean", unit: unitFor(unit, degrees) }] as const);
  return { start: Math.max(from, to - DAY), end: to, fetch: Object.fromEntries(fetch) as Question["fetch"], window: QUARTER, zone };
}
