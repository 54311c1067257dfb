/** How long the windows of a chart's question are, and how far apart its values. */
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

/** So many spacings are looked at together, as the platform does for a sensor's usual interval. */
const TOGETHER = 9;

/**
 * How far apart the values of a chart usually are, ms, `windowMs` at least: the longest of the running medians of nine spacings.
 * What was sent every half hour first and every second now has steps of half an hour, so that its first part is no row of gaps;
 * single holes, however long, do not count. `times` are ascending epoch ms.
 */
export function usualStep(times: ArrayLike<number>, windowMs: number): number {
  const spacings = Array.from({ length: Math.max(0, times.length - 1) }, (_, n) => times[n + 1]! - times[n]!);
  let longest = windowMs;
  for (let first = 0; first + TOGETHER <= spacings.length; first++) {
    const sorted = spacings.slice(first, first + TOGETHER).sort((a, b) => a - b);
    longest = Math.max(longest, sorted[TOGETHER >> 1]!);
  }
  return longest;
}
