/** When a value is too old to be taken for the present one. */

/** A value that misses this many of its intervals is stale. */
export const STALE_AFTER = 3;

/** Whether the newest value (epoch ms) of a series that comes every `intervalMs` is stale at `now`. */
export function isStale(ts: number, intervalMs: number, now: number): boolean {
  return now - ts > STALE_AFTER * intervalMs;
}

/** Whole seconds until asking again makes sense: what is left of `retryAfterMs` at `now`; a clock that lags behind makes it no longer. */
export function secondsLeft(refusedAt: number, retryAfterMs: number, now: number): number {
  return Math.max(0, Math.ceil((refusedAt + retryAfterMs - Math.max(now, refusedAt)) / 1_000));
}
