import { tag } from "./index";

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function kept<F extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(key: string, make: () => F): F {
  const whole = `${tag()} ${key}`;
  let found = made.get(whole) as F | undefined;
  if (!found) made.set(whole, (found = make()));
  return found;
}

/** Units as they are written for people; UCUM codes of the API on the left. */
const WRITTEN: Record<string, string> = { degC: "°C", Cel: "°C", degF: "°F", "1": "", "%RH": "% RH", percent: "%", deg: "°" };
const SCALED = new Set(["W", "Wh", "VA", "var", "J", "Pa", "B", "V", "A"]);
const PREFIXES = ["", "k", "M", "G", "T"];

export function unit(code: string | null | undefined): string {
  return code == null ? "" : (WRITTEN[code] ?? code);
}

/** The prefix that suits values up to `reach` of a unit: divide by `factor` and write `unit`. Axes use one for all of their ticks. */
export function prefixed(reach: number, code: string | null | undefined): { factor: number; unit: string } {
  if (!code || !SCALED.has(code)) return { factor: 1, unit: unit(code) };
  const step = Math.min(PREFIXES.length - 1, Math.max(0, Math.floor(Math.log10(Math.abs(reach) || 1) / 3)));
  return { factor: 1000 ** step, unit: `${PREFIXES[step] ?? ""}${unit(code)}` };
}

/** A number with its unit, as many digits as a person reads: 1.18 kW, 21.3 °C, 87 %. Shares (unit 1) are left alone: use percent. */
export function number(value: number | null | undefined, code?: string | null, digits?: number): string {
  if (value == null || !Number.isFinite(value)) return "–";
  return withDigits(value, code, 0, digits);
}

/** The same with exactly so many digits after the point, so that numbers below each other line up: see `digitsOf`. */
export function fixed(value: number | null | undefined, code: string | null | undefined, digits: number | undefined): string {
  if (value == null || !Number.isFinite(value)) return "–";
  return withDigits(value, code, digits ?? 0, digits);
}

/**
 * How many digits after the point all numbers of one column or legend get: as many as a person reads of the greatest, none
 * where all are whole. Undefined for units of which each number has a prefix of its own.
 */
export function digitsOf(values: Iterable<number | null | undefined>, code: string | null | undefined): number | undefined {
  if (code && SCALED.has(code)) return undefined;
  let [reach, isWhole] = [0, true];
  for (const value of values) {
    if (value == null || !Number.isFinite(value)) continue;
    reach = Math.max(reach, Math.abs(value));
    isWhole &&= Number.isInteger(value);
  }
  return isWhole ? 0 : digitsRead(reach);
}

const digitsRead = (reach: number): number => (reach >= 100 ? 0 : reach >= 10 ? 1 : 2);

function withDigits(value: number, code: string | null | undefined, least: number, digits: number | undefined): string {
  const { factor, unit: written } = prefixed(value, code);
  const scaled = value / factor;
  const most = digits ?? digitsRead(Math.abs(scaled));
  const text = kept(`n${least}-${most}`, () => new Intl.NumberFormat(tag(), { minimumFractionDigits: least, maximumFractionDigits: most, signDisplay: "negative" })).format(scaled);
  return written ? `${text}\u202f${written}` : text;
}

/** A share of 0 to 1 as per cent. */
export function percent(share: number | null | undefined, digits = 0): string {
  if (share == null || !Number.isFinite(share)) return "–";
  return kept(`p${digits}`, () => new Intl.NumberFormat(tag(), { style: "percent", maximumFractionDigits: digits })).format(share);
}

export function count(value: number | null | undefined): string {
  return value == null ? "–" : kept("count", () => new Intl.NumberFormat(tag())).format(value);
}

export function bytes(value: number | null | undefined): string {
  if (value == null) return "–";
  const step = Math.min(4, Math.max(0, Math.floor(Math.log10(value || 1) / 3)));
  return `${number(value / 1000 ** step, null, step ? 1 : 0)}\u202f${["B", "kB", "MB", "GB", "TB"][step]}`;
}

/** An instant (ms) in `zone`, to the minute, with seconds or with milliseconds. */
export function time(ms: number | null | undefined, zone: string, detail: "minute" | "second" | "ms" = "minute"): string {
  if (ms == null) return "–";
  return kept(
    `t${zone}${detail}`,
    () =>
      new Intl.DateTimeFormat(tag(), {
        timeZone: zone,
        year: "numeric",
        month: "short",
        day: "2-digit",
        hour: "2-digit",
        minute: "2-digit",
        hourCycle: "h23",
        ...(detail === "minute" ? {} : { second: "2-digit" }),
        ...(detail === "ms" ? { fractionalSecondDigits: 3 } : {}),
      }),
  ).format(ms);
}

/** The hour of an instant in `zone`, for readouts of today: 14:02. */
export function clock(ms: number | null | undefined, zone: string, seconds = false): string {
  if (ms == null) return "–";
  return kept(
    `c${zone}${seconds}`,
    () => new Intl.DateTimeFormat(tag(), { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds ? { second: "2-digit" } : {}) }),
  ).format(ms);
}

export function day(ms: number | null | undefined, zone: string): string {
  if (ms == null) return "–";
  return kept(`d${zone}`, () => new Intl.DateTimeFormat(tag(), { timeZone: zone, weekday: "short", day: "2-digit", month: "short" })).format(ms);
}

const AGES: [number, Intl.RelativeTimeFormatUnit][] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
];

/** How long ago (ms): 3 min. ago. Under a second it is now. */
export function age(ms: number | null | undefined): string {
  if (ms == null) return "–";
  const format = kept("age", () => new Intl.RelativeTimeFormat(tag(), { style: "short", numeric: "auto" }));
  for (const [length, name] of AGES) if (Math.abs(ms) >= length) return format.format(-Math.round(ms / length), name);
  return format.format(0, "second");
}

/** A length of time (ms) as two parts at most: 2 d 3 h, 15 min, 250 ms. */
export function span(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return "–";
  if (ms < 1_000) return `${Math.round(ms)}\u202fms`;
  const parts: string[] = [];
  let rest = Math.round(ms / 1_000);
  for (const [length, name] of [[86_400, "d"], [3_600, "h"], [60, "min"], [1, "s"]] as const) {
    if (rest >= length && parts.length < 2) {
      parts.push(`${Math.floor(rest / length)}\u202f${name}`);
      rest %= length;
    } else if (parts.length) break;
  }
  return parts.join(" ");
}
