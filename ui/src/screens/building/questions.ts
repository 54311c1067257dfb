import { windowFor } from "../../api/windows";
import type { Question } from "../../charts";

interface Which {
  building: string;
  metric: string;
  /** Of the answer. */
  unit: string | null;
  from: number;
  to: number;
  zone: string;
}

/** Columns of a heat map, and on a phone, where they would be too narrow to hit. */
const COLUMNS = 96;
const PHONE_COLUMNS = 36;

/** The mean of each room in each window. `intervalMs`: how often values come. */
export function heatQuestion({ building, metric, unit, from, to, zone }: Which, isPhone: boolean, intervalMs: number): { question: Question; stepMs: number } {
  const stepMs = windowFor(to - from, isPhone ? PHONE_COLUMNS : COLUMNS, intervalMs);
  const rooms = { where: { building, metric }, fn: "mean", by: ["room"], unit } as const;
  return { question: { start: from, end: to, fetch: { rooms: { ...rooms, by: [...rooms.by] } }, window: stepMs, zone }, stepMs };
}

/** Mean, least and greatest value of each room over the whole range. */
export function rankQuestion({ building, metric, unit, from, to, zone }: Which): Question {
  const of = (fn: "mean" | "min" | "max") => ({ where: { building, metric }, fn, by: ["room"], unit });
  return { start: from, end: to, fetch: { mean: of("mean"), least: of("min"), greatest: of("max") }, window: 0, zone };
}
