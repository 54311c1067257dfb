/** How long the windows of a chart's question are. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WINDOWS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 28].map((n) => n * DAY),
] as const;

/**
 * The shortest round window (ms) that cuts `spanMs` into `points` windows at most and is not shorter than `intervalMs`, how often
 * values come: finer ones would be empty.
 */
export function windowFor(spanMs: number, points: number, intervalMs = 0): number {
  const least = Math.max(spanMs / points, intervalMs);
  return WINDOWS.find((window) => window >= least) ?? Math.ceil(least / DAY) * DAY;
}
