/** Shapes that uPlot does not draw by itself, or not as fast. */

import uPlot from "uplot";

import { thinned } from "./thin";

/** Points per pixel from which on a line is thinned. */
const MANY = 4;

/** Of the room that a bar could take, the share that it takes. */
const FILLED = 0.8;

/**
 * Bars that stand from their time on for one step, those of several series side by side. `place` says which of how many a
 * series is; bars that are hidden take no room.
 */
export function barPaths(stepMs: () => number, place: (series: number) => { index: number; count: number }): uPlot.Series.PathBuilder {
  return (plot, series, first, last) => {
    const scale = plot.series[series]?.scale ?? "left";
    const times = plot.data[0];
    const values = plot.data[series];
    const { index, count } = place(series);
    const step = stepMs();
    const width = (step * FILLED) / count;
    const offset = step * ((1 - FILLED) / 2) + width * index;
    const bottom = plot.valToPos(0, scale, true);
    const bars = new Path2D();
    for (let i = first; i <= last; i++) {
      const value = values?.[i];
      if (value == null || value === 0) continue;
      const from = (times[i] as number) + offset;
      const left = Math.round(plot.valToPos(from, "x", true));
      const right = Math.max(left + 1, Math.round(plot.valToPos(from + width, "x", true)) - (count > 1 ? 1 : 0));
      const top = Math.round(plot.valToPos(value, scale, true));
      bars.rect(left, Math.min(top, bottom), right - left, Math.max(1, Math.abs(bottom - top)));
    }
    return { stroke: null, fill: bars, clip: null };
  };
}

/**
 * A line whose gaps its series says itself. Where it has many points a pixel, only those are drawn that can be seen: as uPlot does, in
 * a loop that makes no objects, which while a chart is moved were collected at every other frame.
 */
export function linePaths(): uPlot.Series.PathBuilder {
  const linear = uPlot.paths.linear?.();
  return (plot, index, first, last) => {
    const { left, top, width, height } = plot.bbox;
    const series = plot.series[index];
    const [times, values] = [plot.data[0], plot.data[index]];
    const { min: start, max: end } = plot.scales["x"] ?? {};
    const { min: low, max: high } = plot.scales[series?.scale ?? ""] ?? {};
    const isThinned = last - first >= MANY * width && values !== undefined && start != null && end != null && low != null && high != null;
    if (!isThinned) return linear?.(plot, index, first, last) ?? null;
    const stroke = new Path2D();
    const [bottom, perUnit] = [top + height, height / (high - low)];
    thinned({ times, values, first, last, start, left, perTime: width / (end - start) }, (x, value) => stroke.lineTo(x, Math.round(bottom - (value - low) * perUnit)));
    const gaps = typeof series?.gaps === "function" ? series.gaps(plot, index, first, last, []) : [];
    return { stroke, fill: null, clip: uPlot.clipGaps(gaps, 0, left, top, width, height), gaps };
  };
}

/** Hatching for what was not measured, as a pattern of `size` canvas pixels. */
export function hatch(context: CanvasRenderingContext2D, color: string, ratio: number): CanvasPattern | string {
  const size = Math.round(8 * ratio);
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const pen = tile.getContext("2d");
  if (pen === null) return color;
  pen.strokeStyle = color;
  pen.lineWidth = ratio;
  pen.beginPath();
  // The corners are drawn as well, so that the lines meet where tiles do.
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 1, size + 1);
    pen.lineTo(shift + size + 1, -1);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat") ?? color;
}
