/**
 * Wall clocks: what a clock in an IANA zone shows at an instant, and the instant at which it shows something.
 *
 * A wall time is kept as the epoch ms that the same digits would have in UTC, so that days and hours are plain
 * arithmetic on it. Clock changes are `Intl`'s business; the rules for gaps and overlaps are those of RFC 5545 (and
 * Temporal's "compatible"): a time that does not exist moves later by the gap, a time that exists twice is the first.
 */

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** What an instant can be rounded down to, by the wall clock. Weeks start on Monday (ISO 8601). */
export type Snap = "h" | "d" | "w" | "M";

const formats = new Map<string, Intl.DateTimeFormat>();

function digits(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  return format;
}

/** Whether this browser knows the IANA zone. */
export function knownZone(zone: string): boolean {
  try {
    digits(zone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The zone of this browser. */
export function myZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The wall time (epoch ms of the same digits in UTC) at an instant (epoch ms). */
export function wallOf(ms: number, zone: string): number {
  const read: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const part of digits(zone).formatToParts(ms)) read[part.type] = Number(part.value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = read;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((ms % SECOND) + SECOND) % SECOND);
}

/** Every instant at which the clock shows this wall time: none in a gap, two in an overlap; ascending. */
export function instantsOf(wall: number, zone: string): number[] {
  const offsets = new Set([wallOf(wall - DAY, zone) - (wall - DAY), wallOf(wall + DAY, zone) - (wall + DAY)]);
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((ms) => wallOf(ms, zone) === wall)
    .sort((a, b) => a - b);
}

/** The instant of a wall time; in a gap the time as much later as the gap is long, in an overlap the first. */
export function instantOf(wall: number, zone: string): number {
  const first = instantsOf(wall, zone)[0];
  if (first !== undefined) return first;
  const before = wall - DAY;
  return wall - (wallOf(before, zone) - before);
}

/** The same time of day `days` later (earlier when negative): a local day, which a clock change makes 23 or 25 h. */
export function addDays(ms: number, days: number, zone: string): number {
  return days === 0 ? ms : instantOf(wallOf(ms, zone) + days * DAY, zone);
}

/** The day of the week of a wall time, 0 for Monday. */
export function weekday(wall: number): number {
  // 1 January 1970 was a Thursday.
  return (((Math.floor(wall / DAY) + 3) % 7) + 7) % 7;
}

/** The wall time of a day's midnight; undefined when there is no such day (30 February). Months count from 1. */
export function midnightOf(year: number, month: number, day: number): number | undefined {
  const wall = Date.UTC(year, month - 1, day);
  const date = new Date(wall);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? wall : undefined;
}

/** The start of the hour, day, week or month that an instant lies in. */
export function startOf(ms: number, snap: Snap, zone: string): number {
  const wall = wallOf(ms, zone);
  // Straight back, not by the wall: the second 02:xx of an autumn night belongs to the second 02:00.
  if (snap === "h") return ms - (((wall % HOUR) + HOUR) % HOUR);
  const midnight = Math.floor(wall / DAY) * DAY;
  if (snap === "d") return instantOf(midnight, zone);
  if (snap === "w") return instantOf(midnight - weekday(wall) * DAY, zone);
  const date = new Date(wall);
  return instantOf(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1), zone);
}

/** The offset from UTC at an instant, as "+02:00". */
export function offsetText(ms: number, zone: string): string {
  const minutes = Math.round((wallOf(ms, zone) - Math.floor(ms / SECOND) * SECOND) / MINUTE);
  const size = Math.abs(minutes);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
