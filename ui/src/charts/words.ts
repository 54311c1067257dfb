/** A chart in words: what screen readers say instead of the picture, and what stands under it. */

import { fmt, type Key, t } from "../i18n";
import { isKnown, totalLength } from "./gaps";
import type { Line, Marker, Span, Truth, Values } from "./types";
import { perPixel } from "./view";

/** Lines that a summary goes through one by one; of more it says how many. */
const TOLD = 6;

export interface Stats {
  min: number;
  max: number;
  last: number;
  /** Index of the last value. */
  at: number;
  /** Whether all values are whole numbers. */
  isWhole: boolean;
}

const known = new WeakMap<Values, { stats: Stats | undefined }>();

/** Least, greatest and last of the values; undefined where there is none. Found once per list. */
export function statsOf(values: Values): Stats | undefined {
  let kept = known.get(values);
  if (kept === undefined) known.set(values, (kept = { stats: computed(values) }));
  return kept.stats;
}

function computed(values: Values): Stats | undefined {
  let found: Stats | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!isKnown(value)) continue;
    if (found === undefined) found = { min: value, max: value, last: value, at: i, isWhole: Number.isInteger(value) };
    else {
      if (value < found.min) found.min = value;
      if (value > found.max) found.max = value;
      found.isWhole &&= Number.isInteger(value);
      found.last = value;
      found.at = i;
    }
  }
  return found;
}

/** "3 lines, 21 Nov 10:00 to 14:00. Power: 1.2 kW to 5.3 kW, at the end 3.1 kW. …" */
export function summary(lines: readonly Line[], span: Span, zone: string, markers: readonly Marker[]): string {
  const told = lines.slice(0, TOLD).map((line) => {
    const stats = statsOf(line.values);
    if (stats === undefined) return t("charts.summaryNothing", { line: line.label });
    const [min, max, last] = [stats.min, stats.max, stats.last].map((value) => fmt.number(value, line.unit)) as [string, string, string];
    return t("charts.summaryLine", { line: line.label, min, max, last });
  });
  return [
    t("charts.summary", { n: lines.length, from: fmt.time(span.from, zone), to: fmt.time(span.to, zone), zone }),
    ...told,
    ...(lines.length > TOLD ? [t("charts.summaryMore", { n: lines.length - TOLD })] : []),
    ...(markers.length > 0 ? [t("charts.summaryMarkers", { n: markers.length })] : []),
  ].join(" ");
}

/** What is at one instant, spoken: the time, then each line; of many lines the first few, and how many more there are. */
export function reading(index: number, times: ArrayLike<number>, lines: readonly Line[], zone: string): string {
  const values = lines.slice(0, TOLD).map((line) => `${line.label} ${valueText(line, index)}`);
  const rest = lines.length > TOLD ? [t("charts.summaryMore", { n: lines.length - TOLD })] : [];
  return [fmt.time(times[index], zone, "second"), ...values, ...rest].join(", ");
}

/** A value with its unit, and its band where there is one; a dash where there is none. `digits`: see `digitsByUnit`. */
export function valueText(line: Line, index: number | undefined, digits?: number): string {
  const value = index === undefined ? undefined : line.values[index];
  if (index === undefined || !isKnown(value)) return fmt.number(null);
  const written = (one: number) => (digits === undefined ? fmt.number(one, line.unit) : fmt.fixed(one, line.unit, digits));
  const low = line.low?.[index];
  const high = line.high?.[index];
  return isKnown(low) && isKnown(high) ? t("charts.valueInBand", { value: written(value), low: written(low), high: written(high) }) : written(value);
}

/** The digits after the point that all values of a unit get, wherever the crosshair is, so that they line up. */
export function digitsByUnit(lines: readonly Line[]): (unit: string | null) => number | undefined {
  const ends = new Map<string | null, number[]>();
  for (const { unit, values } of lines) {
    const stats = statsOf(values);
    // A fraction anywhere stands for what is between the ends, which may happen to be whole themselves.
    if (stats !== undefined) ends.set(unit, [...(ends.get(unit) ?? []), stats.min, stats.max, ...(stats.isWhole ? [] : [0.5])]);
  }
  const digits = new Map(Array.from(ends, ([unit, values]) => [unit, fmt.digitsOf(values, unit)] as const));
  return (unit) => digits.get(unit);
}

/** What stands under a chart: how coarse it is, and how far it can be relied on. */
export function captionParts(span: Span, pixels: number, zone: string, truth: Truth | undefined, gaps: readonly Span[]): string[] {
  const parts: string[] = [];
  const coarse = perPixel(span, pixels);
  if (coarse !== undefined) parts.push(t("charts.perPixel", { n: coarse.count, unit: coarse.unit }));
  if (truth?.tier !== undefined && truth.tier > 0) parts.push(t("charts.tier", { length: fmt.span(truth.tier) }));
  if (truth?.percentGood !== undefined && truth.percentGood < 99.95) parts.push(t("charts.measured", { share: fmt.percent(truth.percentGood / 100, 1) }));
  if (gaps.length > 0) parts.push(t("charts.gaps", { n: gaps.length, length: fmt.span(totalLength(gaps)) }));
  if (truth?.asOf !== undefined) parts.push(t("charts.asOf", { time: fmt.clock(truth.asOf, zone, true) }));
  return parts;
}

/** Markers no further from an instant than `within` ms. */
export function markersNear(markers: readonly Marker[], ts: number, within: number): Marker[] {
  return markers.filter((marker) => Math.abs(marker.ts - ts) <= within);
}

const MARKER_KEYS: Record<Marker["kind"], Key> = { alarm: "charts.markerAlarm", event: "charts.markerEvent", note: "charts.markerNote" };

/** "Alarm 14:02: door forced". */
export function markerText(marker: Marker, zone: string): string {
  return t(MARKER_KEYS[marker.kind], { time: fmt.clock(marker.ts, zone, true), label: marker.label });
}
