/** A range in words. */
import { t, tag } from "../i18n";
import { presetOf } from "./presets";
import { isNow, type Range, type Span } from "./range";
import { DAY, offsetText } from "./zone";

const UNITS = { s: "second", m: "minute", h: "hour", d: "day", w: "week" } as const;

/** "Last 24 hours", "Yesterday", "Last 90 minutes", or both ends by the clock of `zone`. */
export function rangeText(range: Range, span: Span, zone: string): string {
  const preset = presetOf(range);
  if (preset !== undefined) return t(`time.preset.${preset}`);
  if (range.from.kind === "ago" && range.from.snap === undefined && isNow(range.to)) {
    const unit = UNITS[range.from.unit];
    const length = new Intl.NumberFormat(tag(), { style: "unit", unit, unitDisplay: "long" }).format(range.from.count);
    return t("time.last", { length });
  }
  return spanText(span, zone);
}

/** Both ends of a span, without saying twice what they share. */
export function spanText(span: Span, zone: string): string {
  const short = span.to - span.from < 2 * DAY;
  return new Intl.DateTimeFormat(tag(), {
    timeZone: zone,
    ...(short ? {} : { year: "numeric" }),
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatRange(span.from, span.to);
}

/** The zone as people name it, with its offset at an instant: "Berlin, UTC+02:00". */
export function zoneText(zone: string, ms: number): string {
  if (zone === "UTC") return "UTC";
  const city = zone.slice(zone.lastIndexOf("/") + 1).replaceAll("_", " ");
  return `${city}, UTC${offsetText(ms, zone)}`;
}
