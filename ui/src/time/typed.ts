/** Times as people type them into the picker: "2026-03-29 14:00", "29.03.2026", "14:00", "now", "-6h". */
import { fault, inReach, parseBound, printBound, type Bound, type Parsed } from "./range";
import { addDays, DAY, HOUR, instantOf, instantsOf, midnightOf, MINUTE, offsetText, SECOND, startOf, wallOf } from "./zone";

const ISO = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d\d)(?::(\d\d))?)?$/;
const DOTTED = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?[T ]+(\d{1,2}):(\d\d)(?::(\d\d))?)?$/;
const CLOCK = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/;
const OFFSET = /\s*(Z|[+-]\d\d:\d\d)$/i;

interface Typed {
  readonly wall: number;
  readonly dayOnly: boolean;
}

/**
 * One end of a range from typed text, read by the clock of `zone` unless it carries an offset.
 *
 * A day alone is its start as `from` and its end as `to`, so that "29 March" to "29 March" is that day. A time that the
 * clocks skipped is a fault: nobody can say which one was meant.
 */
export function parseTyped(text: string, field: "from" | "to", zone: string, now: number): Parsed<Bound> {
  const trimmed = text.trim();
  const offset = OFFSET.exec(trimmed)?.[1];
  const typed = wallTyped(offset === undefined ? trimmed : trimmed.replace(OFFSET, ""), zone, now);
  if (typed === undefined) return parseBound(trimmed.toLowerCase() === "now" ? "now" : trimmed, field);
  if (typed === null) return fault("noSuchDate", field, trimmed);
  if (offset !== undefined && !typed.dayOnly) return inReach(typed.wall - offsetMs(offset), field, trimmed);
  if (typed.dayOnly) {
    const start = instantOf(typed.wall, zone);
    return inReach(field === "from" ? start : startOf(addDays(start, 1, zone), "d", zone), field, trimmed);
  }
  const first = instantsOf(typed.wall, zone)[0];
  return first === undefined ? fault("noSuchTime", field, trimmed) : inReach(first, field, trimmed);
}

/** The wall time of a text; null when its digits are no date, undefined when it is not written like one. */
function wallTyped(text: string, zone: string, now: number): Typed | null | undefined {
  const iso = ISO.exec(text);
  const dotted = DOTTED.exec(text);
  const clock = CLOCK.exec(text);
  if (iso !== null) return wallFrom(iso[1], iso[2], iso[3], iso[4], iso[5], iso[6]);
  if (dotted !== null) return wallFrom(dotted[3], dotted[2], dotted[1], dotted[4], dotted[5], dotted[6]);
  if (clock === null) return undefined;
  const time = timeFrom(clock[1], clock[2], clock[3]);
  return time === null ? null : { wall: Math.floor(wallOf(now, zone) / DAY) * DAY + time, dayOnly: false };
}

function wallFrom(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
): Typed | null {
  const midnight = midnightOf(Number(year), Number(month), Number(day));
  const time = timeFrom(hour ?? "0", minute ?? "0", second);
  return midnight === undefined || time === null ? null : { wall: midnight + time, dayOnly: hour === undefined };
}

function timeFrom(hour: string | undefined, minute: string | undefined, second: string | undefined): number | null {
  const [h, m, s] = [Number(hour), Number(minute), Number(second ?? "0")];
  return h > 24 || m > 59 || s > 59 || (h === 24 && m + s > 0) ? null : h * HOUR + m * MINUTE + s * SECOND;
}

function offsetMs(offset: string): number {
  if (offset.toUpperCase() === "Z") return 0;
  const size = Number(offset.slice(1, 3)) * HOUR + Number(offset.slice(4, 6)) * MINUTE;
  return offset.startsWith("-") ? -size : size;
}

/** An instant as the picker writes it: "2026-03-29 14:00", with seconds and the offset only where they are needed. */
export function typedText(ms: number, zone: string): string {
  const wall = wallOf(ms, zone);
  const text = new Date(wall).toISOString().slice(0, 19).replace("T", " ");
  const short = text.endsWith(":00") ? text.slice(0, -3) : text;
  const whole = Math.floor(ms / SECOND) * SECOND;
  const twice = instantsOf(Math.floor(wall / SECOND) * SECOND, zone);
  return twice.length > 1 && whole !== twice[0] ? `${short} ${offsetText(ms, zone)}` : short;
}

/** The text of a bound as the picker's fields show it: relative ones as they are, instants by the clock of `zone`. */
export function fieldText(bound: Bound, zone: string): string {
  return bound.kind === "at" ? typedText(bound.ms, zone) : printBound(bound);
}
