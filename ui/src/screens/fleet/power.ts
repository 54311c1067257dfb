/** The question behind the power of the fleet. */
import type { Line, Question } from "../../charts";
import type { Span } from "../../time";
import type { FleetAnswer } from "./ask";

/** More meters than this are not drawn one by one. */
export const MOST_METERS = 24;

/** What the lines are: sites at the grid where a meter is marked as the grid's, otherwise each meter by itself. */
export type PowerBasis = "site" | "meter";

/** Null where neither meters of the grid nor few enough others are there. */
export function powerBasis(fleet: FleetAnswer): PowerBasis | null {
  if ((fleet.sites ?? []).some((site) => site.energy_from === "grid")) return "site";
  const kinds = (fleet.kinds ?? {}) as Record<string, Record<string, number> | undefined>;
  const meters = Object.values(kinds["meter"] ?? {}).reduce((sum, n) => sum + n, 0);
  return meters > 0 && meters <= MOST_METERS ? "meter" : null;
}

/** Mean power over [from, to) in at most `points` windows. */
export function powerQuestion(basis: PowerBasis, { from, to }: Span, points: number): Question {
  const where = basis === "site" ? { metric: "*power*", tags: { kind: "grid" } } : { metric: "*power*" };
  const by = basis === "site" ? ["site"] : ["site", "sensor"];
  return { start: from, end: to, window: "auto", max_points: points, fetch: { power: { where, fn: "time_weighted_mean", by, unit: "W" } } };
}

/** The sum of all lines where there are several sites: what the fleet takes in all. Null where none is known. */
export function total(lines: readonly Line[], label: string): Line | undefined {
  if (lines.length < 2) return undefined;
  const count = lines[0]?.values.length ?? 0;
  const values = Array.from({ length: count }, (_, i) => {
    const known = lines.map((line) => line.values[i]).filter((value) => value != null);
    return known.length < lines.length ? null : known.reduce((sum, value) => sum + value, 0);
  });
  return { id: "total", label, unit: lines[0]?.unit ?? null, values, color: "--line-7" };
}
