/** What is drawn below and above the lines of a time chart: gaps, limits, markers. */

import type uPlot from "uplot";

import { axisUnit } from "./axisUnit";
import { hatch } from "./paths";
import { type Scene, seenGaps } from "./scene";
import { faded } from "./theme";
import type { Limit, Marker } from "./types";

/** Half the width of a marker's head, CSS pixels. */
const HEAD = 5;

/** Below the grid: hatched where nothing is known. */
export function drawGaps(plot: uPlot, scene: Scene): void {
  const spans = seenGaps(scene);
  if (spans.length === 0) return;
  const { ctx, bbox } = plot;
  ctx.save();
  clipTo(plot);
  ctx.fillStyle = hatch(ctx, scene.theme.paint("--chart-gap"), ratioOf());
  for (const span of spans) {
    const left = plot.valToPos(span.from, "x", true);
    ctx.fillRect(left, bbox.top, plot.valToPos(span.to, "x", true) - left, bbox.height);
  }
  ctx.restore();
}

/** Above the lines: limits with their names, markers with their heads. */
export function drawOverlay(plot: uPlot, scene: Scene): void {
  const { ctx } = plot;
  ctx.save();
  clipTo(plot);
  for (const limit of scene.limits) drawLimit(plot, scene, limit);
  for (const marker of scene.markers) drawMarker(plot, scene, marker);
  ctx.restore();
}

/** The unit of each scale, above its axis. */
export function drawUnits(plot: uPlot, scene: Scene): void {
  const { ctx, bbox } = plot;
  const ratio = ratioOf();
  ctx.save();
  ctx.fillStyle = scene.theme.paint("--chart-ink");
  ctx.font = fontOf(scene, 0.85, ratio);
  ctx.textBaseline = "top";
  for (const { key, unit, side } of scene.plan.scales) {
    ctx.textAlign = side === "left" ? "right" : "left";
    const x = side === "left" ? bbox.left - 6 * ratio : bbox.left + bbox.width + 6 * ratio;
    ctx.fillText(axisUnit(reach(plot, key), unit).unit, x, 2 * ratio);
  }
  ctx.restore();
}

/** The greatest distance from zero on a scale: what its unit's prefix follows. */
export function reach(plot: uPlot, key: string): number {
  const { min, max } = plot.scales[key] ?? {};
  return Math.max(Math.abs(min ?? 0), Math.abs(max ?? 0));
}

/** The scale that a limit is on; undefined for a unit that nothing is drawn in. */
export function scaleOfLimit(scene: Scene, limit: Limit): string | undefined {
  const { scales } = scene.plan;
  return (limit.unit === undefined ? scales[0] : scales.find((scale) => scale.unit === limit.unit))?.key;
}

function drawLimit(plot: uPlot, scene: Scene, limit: Limit): void {
  const scale = scaleOfLimit(scene, limit);
  if (scale === undefined) return;
  const { ctx, bbox } = plot;
  const ratio = ratioOf();
  const y = Math.round(plot.valToPos(limit.value, scale, true)) + 0.5;
  ctx.strokeStyle = ctx.fillStyle = scene.theme.paint("--chart-limit");
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash([6 * ratio, 4 * ratio]);
  line(ctx, bbox.left, y, bbox.left + bbox.width, y);
  ctx.font = fontOf(scene, 0.85, ratio);
  ctx.textAlign = "right";
  const below = y - bbox.top < 18 * ratio;
  ctx.textBaseline = below ? "top" : "bottom";
  halo(ctx, scene, limit.label, bbox.left + bbox.width - 4 * ratio, y + (below ? 3 : -3) * ratio, ratio);
}

/** An alarm's head is a triangle, an event's a diamond, a note's a circle: never colour alone. */
function drawMarker(plot: uPlot, scene: Scene, marker: Marker): void {
  const { ctx, bbox } = plot;
  const ratio = ratioOf();
  const x = Math.round(plot.valToPos(marker.ts, "x", true)) + 0.5;
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  const color = scene.theme.paint(`--chart-${marker.kind}`);
  ctx.strokeStyle = faded(color, 0.7);
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  line(ctx, x, bbox.top, x, bbox.top + bbox.height);
  ctx.setLineDash([]);
  ctx.fillStyle = color;
  const size = HEAD * ratio;
  const y = bbox.top + size + ratio;
  ctx.beginPath();
  if (marker.kind === "note") ctx.arc(x, y, size * 0.8, 0, 2 * Math.PI);
  else if (marker.kind === "alarm") polygon(ctx, [[x - size, y - size], [x + size, y - size], [x, y + size]]);
  else polygon(ctx, [[x, y - size], [x + size, y], [x, y + size], [x - size, y]]);
  ctx.fill();
}

function halo(ctx: CanvasRenderingContext2D, scene: Scene, text: string, x: number, y: number, ratio: number): void {
  ctx.setLineDash([]);
  ctx.lineJoin = "round";
  ctx.lineWidth = 3 * ratio;
  ctx.strokeStyle = scene.theme.paint("--chart-paper");
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

function clipTo(plot: uPlot): void {
  const { ctx, bbox } = plot;
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

function polygon(ctx: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  points.forEach(([x, y], i) => (i === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y)));
  ctx.closePath();
}

/** A font of the chart's family, `share` of its size, in canvas pixels. */
export function fontOf(scene: Scene, share: number, ratio: number): string {
  return scene.theme.font.replace(/^[\d.]+px/, (size) => `${Number.parseFloat(size) * share * ratio}px`);
}

function ratioOf(): number {
  return window.devicePixelRatio || 1;
}
