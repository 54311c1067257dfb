/** What the live screen is asked to show, as the URL keeps it: words and patterns to filter by, and pinned series. */
import { keyOf, part } from "../../live";
import { fits } from "../../text/glob";

/** A series that the screen knows. */
export interface Named {
  readonly key: string;
  readonly site: string;
  readonly sensor: string;
  readonly metric: string;
}

/** Which series: texts with `*` for any run of characters. */
export interface Wish {
  readonly site: string;
  readonly sensor: string;
  readonly metric: string;
}

export const MOST_PINS = 12;

const ANY: Wish = { site: "*", sensor: "*", metric: "*" };

/**
 * The wishes of a filter's text: terms between spaces or commas. `site/sensor/metric` is one wish (a sensor's name may hold
 * slashes itself); any other term is a part of a sensor's, a metric's or a site's name. An empty text wishes for everything.
 */
export function wishesOf(text: string): Wish[] {
  const terms = text.split(/[\s,]+/).filter(Boolean);
  if (terms.length === 0) return [ANY];
  return terms.flatMap((term) => {
    const first = term.indexOf("/");
    const last = term.lastIndexOf("/");
    if (first >= 0 && last > first) return [{ site: term.slice(0, first), sensor: term.slice(first + 1, last), metric: term.slice(last + 1) }];
    return [
      { ...ANY, sensor: `*${term}*` },
      { ...ANY, metric: `*${term}*` },
      { ...ANY, site: `*${term}*` },
    ];
  });
}

/** The wish as a pattern of the live connection. */
export function patternOf({ site, sensor, metric }: Wish): string {
  return [site, sensor, metric].map(part).join("/");
}

export function isWanted(wishes: readonly Wish[], one: Omit<Named, "key">): boolean {
  return wishes.some((wish) => fits(wish.site, one.site) && fits(wish.sensor, one.sensor) && fits(wish.metric, one.metric));
}

/** The keys or patterns in the parameter `pin`. */
export function pinsOf(text: string | undefined): string[] {
  return (text ?? "").split(",").filter(Boolean).map((pin) => pin.replaceAll("%2C", ","));
}

/** The parameter of pins; undefined when there are none. Keys hold no `%2C` of their own: their `%` is `%25`. */
export function pinText(pins: readonly string[]): string {
  return pins.map((pin) => pin.replaceAll(",", "%2C")).join(",");
}

/** The key's or pattern's parts as they are written. Undefined for what is no pattern. */
export function partsOf(pin: string): Wish | undefined {
  const [site, sensor, metric, ...more] = pin.split("/").map((piece) => piece.replaceAll("%2F", "/").replaceAll("%25", "%"));
  return site && sensor && metric && more.length === 0 ? { site, sensor, metric } : undefined;
}

/** The series that are pinned, in the order of the pins and never twice; a series that is not known yet is taken at its word. */
export function pinned(pins: readonly string[], known: readonly Named[]): Named[] {
  const found = new Map<string, Named>();
  for (const pin of pins) {
    const wish = partsOf(pin);
    if (wish === undefined) continue;
    const isPattern = Object.values(wish).some((text: string) => text.includes("*"));
    if (isPattern) for (const one of known.filter((each) => isWanted([wish], each))) found.set(one.key, one);
    else found.set(pin, { key: keyOf(wish.site, wish.sensor, wish.metric), ...wish });
  }
  return [...found.values()].slice(0, MOST_PINS);
}

/** What most people want to see first, where it is measured. */
const FIRST = ["power_w", "temperature", "soc", "co2", "humidity", "voltage_v", "current_a"];

/** What is shown before anything was pinned: one series for each of the `count` most telling metrics, that speaks at present. */
export function suggested<Row extends Named & { ts: number | null }>(rows: readonly Row[], count: number, now: number): Row[] {
  const quiet = 300_000;
  const byMetric = new Map<string, Row>();
  for (const row of rows) {
    const before = byMetric.get(row.metric);
    const speaks = (one: Row) => one.ts !== null && now - one.ts < quiet;
    if (!before || (!speaks(before) && speaks(row))) byMetric.set(row.metric, row);
  }
  const rank = (row: Row) => (FIRST.includes(row.metric) ? FIRST.indexOf(row.metric) : FIRST.length);
  return [...byMetric.values()].sort((a, b) => rank(a) - rank(b) || a.key.localeCompare(b.key)).slice(0, count);
}

/** The `count` series whose names are most like `text`: by the pairs of letters that they share (Dice's coefficient). */
export function nearest<Row extends Named>(text: string, rows: readonly Row[], count = 5): Row[] {
  const wanted = pairs(text.replaceAll("*", ""));
  const likeness = (row: Row) => Math.max(...[row.sensor, row.metric, row.site, `${row.site}/${row.sensor}/${row.metric}`].map((name) => dice(wanted, pairs(name))));
  return rows
    .map((row) => [likeness(row), row] as const)
    .sort((a, b) => b[0] - a[0])
    .slice(0, count)
    .map(([, row]) => row);
}

function pairs(text: string): Set<string> {
  const word = text.toLowerCase();
  return new Set(Array.from({ length: Math.max(0, word.length - 1) }, (_, i) => word.slice(i, i + 2)));
}

function dice(a: Set<string>, b: Set<string>): number {
  let common = 0;
  for (const pair of a) if (b.has(pair)) common++;
  return a.size + b.size ? (2 * common) / (a.size + b.size) : 0;
}
