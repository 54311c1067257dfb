/**
 * A range of time as people say it ("the last 24 hours", "yesterday", "from 14:00 to 15:00") and as the URL keeps it.
 *
 * Texts: `now` · `-90m` (90 minutes ago) · `-7d` (7 local days ago) · `/d` (start of today) · `-1d/d` (start of
 * yesterday) · RFC 3339 · epoch ms. Ranges are half-open, [from, to).
 */
import { addDays, DAY, HOUR, midnightOf, MINUTE, SECOND, startOf, wallOf, type Snap } from "./zone";

export type Unit = "s" | "m" | "h" | "d" | "w";

/** One end of a range: an instant, or so long ago, rounded down to `snap` when there is one. */
export type Bound =
  | { readonly kind: "at"; readonly ms: number }
  | { readonly kind: "ago"; readonly count: number; readonly unit: Unit; readonly snap?: Snap };

export interface Range {
  readonly from: Bound;
  readonly to: Bound;
  /** Whether the range moves with the clock. Only a range that ends now can. */
  readonly live: boolean;
}

/** A range at one moment, epoch ms, [from, to). */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type FaultCode =
  | "notATime"
  | "looksLikeSeconds"
  | "noSuchDate"
  | "noSuchTime"
  | "outOfReach"
  | "reversed"
  | "liveNeedsNow"
  | "notABoolean"
  | "noSuchZone";

/** Why a text is not a range, and which parameter holds it. */
export interface Fault {
  readonly code: FaultCode;
  readonly field: "from" | "to" | "live" | "tz";
  readonly value: string;
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

export const NOW: Bound = { kind: "ago", count: 0, unit: "s" };
export const DEFAULT_RANGE: Range = { from: { kind: "ago", count: 24, unit: "h" }, to: NOW, live: true };

const FIXED: Readonly<Record<"s" | "m" | "h", number>> = { s: SECOND, m: MINUTE, h: HOUR };
const RELATIVE = /^(?:-(\d{1,6})([smhdw]))?(?:\/([hdwM]))?$/;
const INSTANT = /^(\d{4})-(\d\d)-(\d\d)[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/i;
/** Before this an integer is more likely seconds: 1e11 ms is March 1973, and 1e11 s is the year 5138. */
const SECONDS_BELOW = 1e11;
/** The years that the platform takes readings for, with room on both sides. */
const FIRST = Date.UTC(1990, 0, 1);
const LAST = Date.UTC(2110, 0, 1);

export function ok<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function fault<T>(code: FaultCode, field: Fault["field"], value: string): Parsed<T> {
  return { ok: false, fault: { code, field, value } };
}

/** One end of a range from its text in the URL. */
export function parseBound(text: string, field: "from" | "to"): Parsed<Bound> {
  if (text === "now") return ok(NOW);
  const relative = text === "" ? null : RELATIVE.exec(text);
  if (relative !== null) {
    const [, count = "0", unit = "s", snap] = relative;
    const ago = { kind: "ago" as const, count: Number(count), unit: unit as Unit };
    return ok(snap === undefined ? ago : { ...ago, snap: snap as Snap });
  }
  if (/^\d+$/.test(text)) {
    return Number(text) < SECONDS_BELOW ? fault("looksLikeSeconds", field, text) : inReach(Number(text), field, text);
  }
  const instant = INSTANT.exec(text);
  if (instant === null) return fault("notATime", field, text);
  // Date.parse takes 30 February for 2 March, which nobody meant.
  const real = midnightOf(Number(instant[1]), Number(instant[2]), Number(instant[3])) !== undefined;
  const ms = Date.parse(text.replace(" ", "T"));
  return real && !Number.isNaN(ms) ? inReach(ms, field, text) : fault("noSuchDate", field, text);
}

/** The instant as a bound, or why readings cannot be so old or so far ahead. */
export function inReach(ms: number, field: "from" | "to", text: string): Parsed<Bound> {
  return ms < FIRST || ms > LAST ? fault("outOfReach", field, text) : ok({ kind: "at", ms });
}

/** The text of a bound for the URL; `parseBound` gives the bound back. */
export function printBound(bound: Bound): string {
  if (bound.kind === "at") return new Date(bound.ms).toISOString().replace(".000Z", "Z");
  const ago = bound.count === 0 ? "" : `-${bound.count}${bound.unit}`;
  return bound.snap === undefined ? ago || "now" : `${ago}/${bound.snap}`;
}

/** Whether a bound is this very moment. */
export function isNow(bound: Bound): boolean {
  return bound.kind === "ago" && bound.count === 0 && bound.snap === undefined;
}

/** The instant of a bound, at `now`, in a zone: days and weeks are local ones. */
export function resolveBound(bound: Bound, now: number, zone: string): number {
  if (bound.kind === "at") return bound.ms;
  const { count, unit } = bound;
  const ago =
    unit === "d" ? addDays(now, -count, zone) : unit === "w" ? addDays(now, -7 * count, zone) : now - count * FIXED[unit];
  return bound.snap === undefined ? ago : startOf(ago, bound.snap, zone);
}

/** The range at `now`. It is never empty: in the first second of a day "today" is that second. */
export function resolve(range: Range, now: number, zone: string): Span {
  const to = resolveBound(range.to, now, zone);
  return { from: Math.min(resolveBound(range.from, now, zone), to - SECOND), to };
}

/** The range as it is, or why it is none at `now`. */
export function checked(range: Range, now: number, zone: string): Parsed<Range> {
  const { from, to, live } = range;
  if (live && !isNow(to)) return fault("liveNeedsNow", "live", printBound(to));
  const [start, end] = [resolveBound(from, now, zone), resolveBound(to, now, zone)];
  const today = from.kind === "ago" && from.snap !== undefined && start === end;
  return start < end || today ? ok(range) : fault("reversed", "to", printBound(to));
}

/** So long ago, in the largest unit that is exact; never in days, which are not always 24 h long. */
export function agoOf(ms: number): Bound {
  const length = Math.max(SECOND, Math.round(ms / SECOND) * SECOND);
  for (const unit of ["h", "m"] as const) {
    if (length % FIXED[unit] === 0) return { kind: "ago", count: length / FIXED[unit], unit };
  }
  return { kind: "ago", count: length / SECOND, unit: "s" };
}

/** The span beside this one: as many local days on when it is whole days long, else as many milliseconds. */
export function shifted(span: Span, direction: -1 | 1, zone: string): Span {
  const days = (wallOf(span.to, zone) - wallOf(span.from, zone)) / DAY;
  if (Number.isInteger(days) && days > 0) {
    return { from: addDays(span.from, direction * days, zone), to: addDays(span.to, direction * days, zone) };
  }
  const length = direction * (span.to - span.from);
  return { from: span.from + length, to: span.to + length };
}

/** The span `factor` times as long around its middle, or before its end; at least a second and at most 20 years long. */
export function zoomed(span: Span, factor: number, anchor: "middle" | "end" = "middle"): Span {
  const length = Math.min(Math.max((span.to - span.from) * factor, SECOND), 20 * 366 * DAY);
  const to = anchor === "end" ? span.to : Math.round((span.from + span.to + length) / 2);
  return { from: Math.round(to - length), to };
}

/** How often a live range moves: rarely enough that charts of that length can follow. */
export function liveStep(spanMs: number): number {
  const steps = [15 * MINUTE, 5 * MINUTE, MINUTE, 30 * SECOND, 10 * SECOND];
  return steps.find((step) => step <= spanMs / 360) ?? 5 * SECOND;
}
