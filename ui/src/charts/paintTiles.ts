/** How tiles are painted. */

import { hatch } from "./paths";
import type { Theme } from "./theme";
import { placeOf, STATES, type Tile, type TileLayout, type TileState } from "./tiles";

/** Colours of a theme, looked up once. */
export interface TilePaints {
  empty: string;
  full: Record<TileState, string>;
  mark: string;
  ink: string;
  stale: CanvasPattern | string;
  font: string;
}

export function tilePaints(context: CanvasRenderingContext2D, theme: Theme, ratio: number): TilePaints {
  const full = Object.fromEntries(STATES.map((state) => [state, theme.paint(`--tile-${state}`)])) as Record<TileState, string>;
  return {
    empty: theme.paint("--tile-empty"),
    full,
    mark: theme.paint("--chart-paper"),
    ink: theme.paint("--chart-ink"),
    stale: hatch(context, theme.paint("--chart-gap"), ratio),
    font: theme.font,
  };
}

/** A window of the grid: `top` is what is scrolled away, CSS pixels. */
export interface TileWindow {
  top: number;
  height: number;
}

/** All that is in the window: headings, and the tiles of the groups that reach into it. */
export function paintTiles(context: CanvasRenderingContext2D, tiles: readonly Tile[], layout: TileLayout, paints: TilePaints, seen: TileWindow): void {
  const { columns, pitch } = layout;
  context.font = paints.font;
  context.textBaseline = "middle";
  for (const group of layout.groups) {
    const rows = Math.ceil(group.count / columns);
    if (group.top > seen.top + seen.height || group.grid + rows * pitch < seen.top) continue;
    context.fillStyle = paints.ink;
    context.fillText(group.name, 0, group.top - seen.top + 12);
    const first = Math.max(0, Math.floor((seen.top - group.grid) / pitch));
    const last = Math.min(rows, Math.ceil((seen.top + seen.height - group.grid) / pitch));
    for (let i = first * columns; i < Math.min(group.count, last * columns); i++) {
      const tile = tiles[group.first + i];
      if (tile !== undefined) paintTile(context, tile, (i % columns) * pitch, group.grid + Math.floor(i / columns) * pitch - seen.top, layout.size, paints);
    }
  }
}

/** Some tiles over what they were. */
export function repaintTiles(context: CanvasRenderingContext2D, tiles: readonly Tile[], which: readonly number[], layout: TileLayout, paints: TilePaints, seen: TileWindow): void {
  for (const index of which) {
    const { x, y } = placeOf(layout, index);
    const tile = tiles[index];
    if (tile === undefined || y + layout.size < seen.top || y > seen.top + seen.height) continue;
    context.clearRect(x, y - seen.top, layout.size, layout.size);
    paintTile(context, tile, x, y - seen.top, layout.size, paints);
  }
}

/** A tile: how full it is, and the shape of what is wrong with it. */
function paintTile(context: CanvasRenderingContext2D, tile: Tile, x: number, y: number, size: number, paints: TilePaints): void {
  context.fillStyle = paints.empty;
  context.fillRect(x, y, size, size);
  const level = tile.fill == null ? (tile.state === "unknown" ? 0 : 1) : Math.min(1, Math.max(0, tile.fill));
  const high = Math.round(level * size);
  context.fillStyle = paints.full[tile.state];
  context.fillRect(x, y + size - high, size, high);
  if (tile.state === "normal") return;
  if (tile.state === "stale" || tile.state === "unknown") {
    context.fillStyle = paints.stale;
    context.fillRect(x, y, size, size);
    return;
  }
  paintMark(context, tile.state, x, y, size, paints);
}

/** Bad is framed and crossed, warning framed with a bar: neither is told by colour alone, nor hidden by a low level. */
function paintMark(context: CanvasRenderingContext2D, state: TileState, x: number, y: number, size: number, paints: TilePaints): void {
  const width = Math.max(1.5, size / 8);
  context.lineWidth = width;
  context.strokeStyle = paints.full[state];
  context.strokeRect(x + width / 2, y + width / 2, size - width, size - width);
  const middle = size / 2;
  const arm = size * 0.2;
  // On paper of its own the mark is seen at every level.
  const paper = arm + width;
  context.fillStyle = paints.mark;
  context.fillRect(x + middle - paper, y + middle - paper, 2 * paper, 2 * paper);
  context.beginPath();
  if (state === "bad") {
    context.moveTo(x + middle - arm, y + middle - arm);
    context.lineTo(x + middle + arm, y + middle + arm);
    context.moveTo(x + middle + arm, y + middle - arm);
    context.lineTo(x + middle - arm, y + middle + arm);
  } else {
    context.moveTo(x + middle, y + middle - arm * 1.2);
    context.lineTo(x + middle, y + middle + arm * 1.2);
  }
  context.stroke();
}
