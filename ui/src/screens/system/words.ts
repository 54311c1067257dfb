/** The platform's names of stages, counters and units in the reader's words. A name that is not known here is shown as it is. */
import { fmt, t, type Key } from "../../i18n";
import en from "../../i18n/system/en.json";

/** The string of `system.<kind>.<name>`, else the name itself. */
export function named(kind: "stage" | "counter" | "unit" | "state" | "check" | "works" | "decision" | "reason" | "fate", name: string, params?: Record<string, string | number>): string {
  const key = `${kind}.${name}`;
  return key in en ? t(`system.${key}` as Key, params) : name;
}

/** "1,204 rows/s", "0.2 questions/s". */
export function rateText(rate: number | null | undefined, unit: string | null | undefined): string {
  if (rate == null) return "–";
  return t("system.perSecond", { rate: fmt.number(rate), unit: named("unit", unit ?? "") });
}

/** What waits, and of how much that may. */
export function depthText(depth: number | null | undefined, bound: number | null | undefined, unit: string | null | undefined): string {
  if (depth == null) return "–";
  const written = (value: number) => (unit === "bytes" ? fmt.bytes(value) : `${fmt.count(value)}\u202f${named("unit", unit ?? "")}`);
  if (!bound) return written(depth);
  return t("system.depthOf", { depth: unit === "bytes" ? fmt.bytes(depth) : fmt.count(depth), bound: written(bound) });
}

/** "12 ms", "1.2 s"; a length of time that is measured in ms. */
export function lagText(ms: number | null | undefined): string {
  if (ms == null) return "–";
  return ms < 1_000 ? `${fmt.number(ms)}\u202fms` : ms < 60_000 ? `${fmt.number(ms / 1_000)}\u202fs` : fmt.span(ms);
}

/** From this share of its bound on a queue is drawn as crowded; the platform calls itself degraded there. */
export const CROWDED = 0.8;

export function fullness(depth: number | null | undefined, bound: number | null | undefined): number | null {
  return depth == null || !bound ? null : depth / bound;
}

/** Counters of what did not go as it should; the others are in the table. */
export const TROUBLE: ReadonlySet<string> = new Set(["rejected", "turned_away", "redelivered", "dead_lettered", "failures", "failed", "skipped", "late", "duplicate"]);
