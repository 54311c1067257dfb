/** Made-up measurements of a building, a plant and a fleet. */

import type { BarSeries, HeatRow, Line, Marker, Question } from "../src/charts";
import { randomFrom } from "./data";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const QUARTER = 15 * MINUTE;
export const END = Date.UTC(2026, 2, 29, 14);

const random = randomFrom(4);

function range(count: number, step: number): number[] {
  return Array.from({ length: count }, (_, i) => END - (count - i) * step);
}

/** Between 0 at night and 1 at noon. */
function daylight(ts: number): number {
  return Math.max(0, Math.sin(((ts / HOUR + 1 - 6) / 12) * Math.PI)) * (((ts / HOUR + 1) % 24 > 6 && (ts / HOUR + 1) % 24 < 18) ? 1 : 0);
}

const day = range(96, QUARTER);

const ROOMS = ["1.01", "1.02", "2.01"];
export const rooms = {
  stepMs: QUARTER,
  times: day.filter((_, i) => i < 40 || i > 47),
  lines: ROOMS.map((room, r): Line => ({
    id: room,
    label: `Room ${room}`,
    unit: "degC",
    values: day.filter((_, i) => i < 40 || i > 47).map((ts, i) => (r === 2 && i > 60 && i < 66 ? null : 19 + r + 3 * daylight(ts) + random() * 0.4)),
  })),
};

export const markers: Marker[] = [
  { ts: END - 4 * HOUR, label: "Window open in 1.02", kind: "event" },
  { ts: END - 9 * HOUR, label: "Too warm", kind: "alarm" },
  { ts: END - 16 * HOUR, label: "Filter changed", kind: "note" },
];

const load = day.map((ts) => 18_000 + 20_000 * daylight(ts) + random() * 3_000);
export const power = {
  stepMs: QUARTER,
  times: day,
  lines: [
    { id: "p", label: "Power", unit: "W", values: load, low: load.map((v) => v - 2_000 - random() * 2_000), high: load.map((v) => v + 2_000 + random() * 4_000) },
    { id: "t", label: "Outdoors", unit: "degC", values: day.map((ts) => 6 + 9 * daylight(ts) + random()), kind: "step" },
  ] satisfies Line[],
};

const sun = day.map((ts) => 30_000 * daylight(ts) * (0.85 + random() * 0.15));
export const flow = {
  stepMs: QUARTER,
  times: day,
  lines: [
    { id: "pv", label: "Solar", unit: "W", values: sun, kind: "stack", color: "--line-5" },
    { id: "bat", label: "Battery", unit: "W", values: sun.map((v, i) => (v > 20_000 ? -8_000 : i > 70 ? 6_000 : 0)), kind: "stack", color: "--line-3" },
    { id: "grid", label: "Grid", unit: "W", values: sun.map((v, i) => (load[i] ?? 0) - v + (v > 20_000 ? 8_000 : i > 70 ? -6_000 : 0)), kind: "stack", color: "--line-7" },
  ] satisfies Line[],
};

const hours = range(24, HOUR);
export const bars = {
  stepMs: HOUR,
  times: hours,
  lines: [
    { id: "in", label: "Imported", unit: "Wh", values: hours.map((_, i) => 8_000 + random() * 4_000 - (i > 8 && i < 16 ? 6_000 : 0)), kind: "bars" },
    { id: "out", label: "Exported", unit: "Wh", values: hours.map((_, i) => (i > 8 && i < 16 ? -random() * 7_000 : 0)), kind: "bars" },
  ] satisfies Line[],
};

const ahead = Array.from({ length: 96 }, (_, i) => END + (i - 48) * QUARTER);
export const forecast = {
  stepMs: QUARTER,
  times: ahead,
  range: { from: ahead[0] ?? 0, to: END + 12 * HOUR },
  lines: [
    { id: "was", label: "Measured", unit: "W", values: ahead.map((ts, i) => (i < 48 ? 20_000 + 18_000 * daylight(ts) + random() * 2_000 : null)) },
    {
      id: "p50",
      label: "Forecast",
      unit: "W",
      estimated: true,
      values: ahead.map((ts, i) => (i >= 47 ? 20_000 + 18_000 * daylight(ts) : null)),
      low: ahead.map((ts, i) => (i >= 47 ? 20_000 + 18_000 * daylight(ts) - 80 * (i - 46) : null)),
      high: ahead.map((ts, i) => (i >= 47 ? 20_000 + 18_000 * daylight(ts) + 120 * (i - 46) : null)),
    },
  ] satisfies Line[],
};

export const many = {
  stepMs: QUARTER,
  times: day,
  lines: [
    ...Array.from({ length: 12 }, (_, i): Line => ({ id: `l${i}`, label: `Line ${i + 1}`, unit: "A", values: day.map((ts) => i * 4 + 3 * Math.sin(ts / HOUR / 2 + i) + random()) })),
    { id: "v", label: "Voltage", unit: "V", values: day.map(() => 228 + random() * 5) },
    { id: "rh", label: "Humidity", unit: "%RH", values: day.map(() => 40 + random() * 5) },
  ],
};

const week = range(24 * 7, HOUR);
export const heat = {
  stepMs: HOUR,
  unit: "degC",
  times: week,
  rows: Array.from({ length: 14 }, (_, r): HeatRow => ({
    id: `r${r}`,
    label: `Building A, room ${1 + Math.floor(r / 7)}.${String((r % 7) + 1).padStart(2, "0")}`,
    values: week.map((ts, i) => (r === 4 && i > 50 && i < 90 ? null : 18 + (r % 4) + 4 * daylight(ts) + random())),
  })),
};

const DAYS = ["Mon 23", "Tue 24", "Wed 25", "Thu 26", "Fri 27", "Sat 28", "Sun 29"];
const used = DAYS.map((_, i) => (i === 3 ? null : 180_000 + random() * 90_000 - i * 8_000));
export const days = {
  periods: DAYS,
  unit: "Wh",
  series: [
    { id: "grid", label: "Grid", values: used, color: "--line-7" },
    { id: "pv", label: "Solar", values: used.map((v) => v && v * (0.3 + random() * 0.4)), color: "--line-5" },
    { id: "out", label: "Exported", values: used.map((v) => v && -v * 0.2 * random()), color: "--line-3" },
  ] satisfies BarSeries[],
  before: { label: "the week before", values: DAYS.map(() => 230_000 + random() * 60_000) },
};

export const question: Question = {
  start: "-24h",
  window: "15m",
  zone: "Europe/Berlin",
  fetch: { room: { where: { metric: "temperature" }, fn: "mean", by: ["building", "room"], unit: "degC" } },
};

export interface Recent {
  times: number[];
  values: number[];
}

/** A minute up to `now`. */
export function recent(now: number): Recent {
  const times = Array.from({ length: 120 }, (_, i) => now - (120 - i) * 500);
  return { times, values: times.map((ts) => 3_000 + 400 * Math.sin(ts / 5_000) + random() * 100) };
}

export function appended({ times, values }: Recent, now: number): Recent {
  return { times: [...times.slice(-200), now], values: [...values.slice(-200), 3_000 + 400 * Math.sin(now / 5_000) + random() * 100] };
}
