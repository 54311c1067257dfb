/** Which stretch of time is seen: zooming and moving, as pure functions of it. */

import type { Span } from "./types";

/** Nothing is gained by seeing less than this, ms. */
const SHORTEST = 1_000;

/** Seen `factor` times as long, around `at` (the middle without it). */
export function zoomed(span: Span, factor: number, at: number = (span.from + span.to) / 2): Span {
  const length = span.to - span.from;
  const wanted = Math.max(SHORTEST, length * factor);
  const share = length > 0 ? (at - span.from) / length : 0.5;
  const from = Math.round(at - wanted * share);
  return { from, to: Math.round(from + wanted) };
}

/** Moved by a share of its length: 0.5 to the right, −0.5 to the left. */
export function moved(span: Span, share: number): Span {
  const by = Math.round((span.to - span.from) * share);
  return { from: span.from + by, to: span.to + by };
}

/** A span that was drawn with the pointer, or undefined where it is too short to be meant. */
export function selected(from: number, to: number): Span | undefined {
  const span = { from: Math.round(Math.min(from, to)), to: Math.round(Math.max(from, to)) };
  return span.to - span.from >= SHORTEST ? span : undefined;
}

/** Of two spans, whether they are the same to the millisecond. */
export function sameSpan(a: Span | undefined, b: Span | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.from === b.from && a.to === b.to);
}

/** What the times span, with one step behind the last: a value stands for the step that begins at its time. */
export function extent(times: ArrayLike<number>, stepMs: number): Span | undefined {
  const from = times[0];
  const to = times[times.length - 1];
  if (from === undefined || to === undefined) return undefined;
  return { from, to: to + stepMs > from ? to + stepMs : from + SHORTEST };
}

/** How much time one pixel stands for, in the largest unit that says it with few digits. */
export function perPixel(span: Span, pixels: number): { count: number; unit: "ms" | "s" | "min" | "h" | "d" } | undefined {
  if (pixels <= 0 || span.to <= span.from) return undefined;
  const ms = (span.to - span.from) / pixels;
  const units = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1_000]] as const;
  const found = units.find(([, size]) => ms >= size);
  return found === undefined ? { count: tidy(ms), unit: "ms" } : { count: tidy(ms / found[1]), unit: found[0] };
}

function tidy(value: number): number {
  return value >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
}
