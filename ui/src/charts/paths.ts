/** Shapes that uPlot does not draw by itself. */

import type uPlot from "uplot";

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
