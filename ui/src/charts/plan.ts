/** What a chart is made of: scales and series, from its lines. Data do not change it, so a chart is built once per plan. */

import type { Line, LineKind } from "./types";

export type Role = "value" | "low" | "high";

/** One uPlot series. A line with a band, and a stacked line, need three: itself, and the edges of its area. */
export interface PlannedSeries {
  /** Index into the chart's lines. */
  line: number;
  role: Role;
  kind: LineKind;
  scale: string;
}

export interface PlannedScale {
  key: string;
  unit: string | null;
  side: "left" | "right";
  /** Bars and stacks are read by their height, so their scale holds zero. */
  zero: boolean;
}

/** The area between two series, as uPlot's 1-based indices. */
export interface PlannedBand {
  line: number;
  high: number;
  low: number;
}

export interface Plan {
  scales: PlannedScale[];
  series: PlannedSeries[];
  bands: PlannedBand[];
  /** Lines of a third unit: two scales are all that a reader can keep apart. They are in the table. */
  leftOut: number[];
  /** Equal for lines that need the same series, whatever their data. */
  signature: string;
}

/** A scale per unit, the first on the left, the second on the right. */
export function planChart(lines: readonly Line[]): Plan {
  const scales: PlannedScale[] = [];
  const series: PlannedSeries[] = [];
  const bands: PlannedBand[] = [];
  const leftOut: number[] = [];
  lines.forEach((line, index) => {
    const scale = scaleOf(scales, line);
    if (scale === undefined) {
      leftOut.push(index);
      return;
    }
    const kind = line.kind ?? "line";
    const add = (role: Role) => series.push({ line: index, role, kind, scale: scale.key });
    if (kind === "stack" || (line.low !== undefined && line.high !== undefined)) {
      const high = add("high");
      bands.push({ line: index, high, low: add("low") });
    }
    if (kind === "stack" || kind === "bars") scale.zero = true;
    if (kind !== "stack") add("value");
  });
  const signature = JSON.stringify([scales, series, bands, lines.map((line) => [line.id, line.estimated === true])]);
  return { scales, series, bands, leftOut, signature };
}

function scaleOf(scales: PlannedScale[], line: Line): PlannedScale | undefined {
  const known = scales.find((scale) => scale.unit === line.unit);
  if (known !== undefined || scales.length === 2) return known;
  const made: PlannedScale =
    scales.length === 0
      ? { key: "left", unit: line.unit, side: "left", zero: false }
      : { key: "right", unit: line.unit, side: "right", zero: false };
  scales.push(made);
  return made;
}
