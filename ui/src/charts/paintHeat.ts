/** Where the parts of a heat map are, and how they are painted. */

import { isKnown } from "./gaps";
import { classOf, type Classes, columnTicks, heatColor } from "./heat";
import type { Cell } from "./keys";
import { hatch } from "./paths";
import type { Theme } from "./theme";
import { tickLabels } from "./ticks";
import type { Values } from "./types";

export interface HeatLayout {
  width: number;
  height: number;
  /** Where the cells begin. */
  left: number;
  rows: number;
  columns: number;
  rowHeight: number;
  cellWidth: number;
}

/** Room for the time below the cells; labels take at most this share of the width. */
const AXIS = 36;
const LABELS = 0.28;
const ROW = 22;
const LOW_ROW = 14;
/** More rows than this are drawn lower. */
const MANY = 24;
/** Between the labels of two columns, CSS pixels. */
const APART = 64;

/** The layout for row labels in a font; `font` is undefined before the page is styled. */
export function layHeat(labels: readonly string[], columns: number, width: number, font: string | undefined): HeatLayout {
  const longest = font === undefined ? 0 : widest(labels, font);
  const left = Math.min(Math.ceil(longest) + 10, Math.floor(width * LABELS));
  const rowHeight = labels.length > MANY ? LOW_ROW : ROW;
  return { width, height: labels.length * rowHeight + AXIS, left, rows: labels.length, columns, rowHeight, cellWidth: columns > 0 ? (width - left) / columns : 0 };
}

/** The cell at a point; undefined beside the cells. */
export function cellAt(layout: HeatLayout, x: number, y: number): Cell | undefined {
  const row = Math.floor(y / layout.rowHeight);
  const column = Math.floor((x - layout.left) / layout.cellWidth);
  const isInside = row >= 0 && row < layout.rows && column >= 0 && column < layout.columns;
  return isInside ? { row, column } : undefined;
}

export interface HeatPicture {
  rows: readonly { label: string; values: Values }[];
  times: ArrayLike<number>;
  stepMs: number;
  zone: string;
  locale: string;
  classes: Classes | undefined;
  isParted: boolean;
  layout: HeatLayout;
  theme: Theme;
}

export function paintHeat(context: CanvasRenderingContext2D, ratio: number, picture: HeatPicture): void {
  paintCells(context, ratio, picture);
  paintLabels(context, picture);
  paintTimes(context, picture);
}

function paintCells(context: CanvasRenderingContext2D, ratio: number, { rows, classes, isParted, layout, theme }: HeatPicture): void {
  const { left, cellWidth, rowHeight, columns, width } = layout;
  // All is unmeasured until a value says otherwise.
  context.fillStyle = hatch(context, theme.paint("--chart-gap"), ratio);
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillRect(left * ratio, 0, (width - left) * ratio, rows.length * rowHeight * ratio);
  context.restore();
  if (classes === undefined) return;
  const paints = classes.colors.map((color) => theme.paint(heatColor(color, isParted)));
  // A hair between rows, none between columns: time runs on.
  const high = rowHeight - 1;
  rows.forEach(({ values }, row) => {
    let from = 0;
    let held = -1;
    for (let column = 0; column <= columns; column++) {
      const value = column < columns ? values[column] : undefined;
      const found = isKnown(value) ? classOf(classes, value) : -1;
      if (found === held && column < columns) continue;
      if (held >= 0) {
        const x = Math.round((left + from * cellWidth) * ratio) / ratio;
        const end = Math.round((left + column * cellWidth) * ratio) / ratio;
        context.fillStyle = paints[held] ?? "";
        context.fillRect(x, row * rowHeight, end - x, high);
      }
      from = column;
      held = found;
    }
  });
}

function paintLabels(context: CanvasRenderingContext2D, { rows, layout, theme }: HeatPicture): void {
  context.font = theme.font;
  context.fillStyle = theme.paint("--chart-ink");
  context.textAlign = "right";
  context.textBaseline = "middle";
  rows.forEach(({ label }, row) => {
    context.fillText(shortened(context, label, layout.left - 8), layout.left - 6, (row + 0.5) * layout.rowHeight);
  });
}

function paintTimes(context: CanvasRenderingContext2D, { rows, times, stepMs, zone, locale, layout }: HeatPicture): void {
  const apart = Math.max(1, Math.ceil(APART / Math.max(0.01, layout.cellWidth)));
  const { columns, step } = columnTicks(times, stepMs, apart, zone);
  const labels = tickLabels(columns.map((column) => times[column] as number), step, zone, locale);
  const top = rows.length * layout.rowHeight + 4;
  context.textAlign = "left";
  context.textBaseline = "top";
  columns.forEach((column, i) => {
    const x = layout.left + column * layout.cellWidth;
    if (x > layout.width - APART / 2) return;
    context.fillRect(x, top - 4, 1, 4);
    (labels[i] ?? "").split("\n").forEach((text, line) => context.fillText(text, x, top + line * 14));
  });
}

/** The text, or its end behind an ellipsis where it is too long: names of one building differ in their ends. */
function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let cut = 1;
  while (cut < text.length - 1 && context.measureText(`…${text.slice(cut)}`).width > room) cut++;
  return `…${text.slice(cut).trimStart()}`;
}

let measure: CanvasRenderingContext2D | null | undefined;

function widest(labels: readonly string[], font: string): number {
  measure ??= document.createElement("canvas").getContext("2d");
  if (measure === null) return 0;
  measure.font = font;
  const pen = measure;
  return Math.max(0, ...labels.map((label) => pen.measureText(label).width));
}
