/** Where ten thousand tiles are: groups below each other, each a grid; and which of them have to be painted again. */

import type { Key } from "./keys";

/** How something is. Grey is normal: only what is not has a colour, and a shape. */
export type TileState = "normal" | "warn" | "bad" | "stale" | "unknown";

export interface Tile {
  id: string;
  label: string;
  /** Such as the site; tiles of one group follow each other. */
  group: string;
  state: TileState;
  /** 0 to 1: how full it is drawn. */
  fill?: number | null | undefined;
  /** What the value is, in words. */
  text?: string | undefined;
}

export interface TileGroup {
  name: string;
  /** Index of its first tile. */
  first: number;
  count: number;
  /** Of its heading, and of its first row, CSS pixels from the top of all. */
  top: number;
  grid: number;
}

export interface TileLayout {
  groups: TileGroup[];
  /** Side of a tile, and from one tile to the next. */
  size: number;
  pitch: number;
  columns: number;
  height: number;
}

export const STATES: readonly TileState[] = ["bad", "warn", "stale", "unknown", "normal"];

const HEADING = 24;
const SPACE = 8;

/** The side of a tile: the fewer there are, the larger. */
export function tileSize(count: number): number {
  if (count <= 150) return 30;
  if (count <= 600) return 22;
  return count <= 2_500 ? 16 : 12;
}

export function layTiles(tiles: readonly Tile[], width: number): TileLayout {
  const size = tileSize(tiles.length);
  const pitch = size + 2;
  const columns = Math.max(1, Math.floor((width + 2) / pitch));
  const groups: TileGroup[] = [];
  let top = 0;
  for (let first = 0; first < tiles.length; ) {
    const name = tiles[first]?.group ?? "";
    let end = first + 1;
    while (end < tiles.length && tiles[end]?.group === name) end++;
    groups.push({ name, first, count: end - first, top, grid: top + HEADING });
    top += HEADING + Math.ceil((end - first) / columns) * pitch + SPACE;
    first = end;
  }
  return { groups, size, pitch, columns, height: top };
}

/** The corner of a tile. */
export function placeOf(layout: TileLayout, index: number): { x: number; y: number } {
  const group = groupOf(layout, index);
  const place = index - (group?.first ?? 0);
  return { x: (place % layout.columns) * layout.pitch, y: (group?.grid ?? 0) + Math.floor(place / layout.columns) * layout.pitch };
}

/** The tile at a point; undefined between tiles. */
export function tileAt(layout: TileLayout, x: number, y: number): number | undefined {
  const group = last(layout.groups, (one) => one.grid <= y);
  const column = Math.floor(x / layout.pitch);
  if (group === undefined || column < 0 || column >= layout.columns) return undefined;
  const place = Math.floor((y - group.grid) / layout.pitch) * layout.columns + column;
  return place < group.count ? group.first + place : undefined;
}

/** The next tile on a key. Up and down stay in the column, over the borders of groups. */
export function stepTiles(layout: TileLayout, { key, shift }: Key, index: number, page: number): number | undefined {
  const count = layout.groups.reduce((sum, group) => sum + group.count, 0);
  if (count === 0) return undefined;
  const within = (next: number) => Math.min(count - 1, Math.max(0, next));
  const far = shift ? 10 : 1;
  switch (key) {
    case "ArrowLeft":
      return within(index - far);
    case "ArrowRight":
      return within(index + far);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    case "ArrowUp":
      return stepRows(layout, index, -far);
    case "ArrowDown":
      return stepRows(layout, index, far);
    case "PageUp":
      return stepRows(layout, index, -page);
    case "PageDown":
      return stepRows(layout, index, page);
    default:
      return undefined;
  }
}

function stepRows(layout: TileLayout, index: number, rows: number): number {
  let at = index;
  for (let left = Math.abs(rows); left > 0; left--) {
    const next = nextRow(layout, at, Math.sign(rows));
    if (next === undefined) break;
    at = next;
  }
  return at;
}

function nextRow({ groups, columns }: TileLayout, index: number, direction: number): number | undefined {
  const at = groups.findIndex((group) => index < group.first + group.count);
  const group = groups[at];
  if (group === undefined) return undefined;
  const place = index - group.first;
  const row = Math.floor(place / columns) + direction;
  const column = place % columns;
  const rows = Math.ceil(group.count / columns);
  if (row >= 0 && row < rows) return group.first + Math.min(group.count - 1, row * columns + column);
  const next = groups[at + direction];
  if (next === undefined) return undefined;
  const start = direction > 0 ? 0 : (Math.ceil(next.count / columns) - 1) * columns;
  return next.first + Math.min(next.count - 1, start + column);
}

/** What each tile looks like, as one number: equal numbers need no painting. */
export function looksOf(tiles: readonly Tile[], size: number): Int16Array {
  const looks = new Int16Array(tiles.length);
  tiles.forEach((tile, i) => {
    const level = tile.fill == null ? 0 : 1 + Math.round(Math.min(1, Math.max(0, tile.fill)) * size);
    looks[i] = STATES.indexOf(tile.state) * 64 + level;
  });
  return looks;
}

/** The tiles that look different now; all of them where they are not as many. */
export function changedTiles(before: Int16Array | undefined, after: Int16Array): number[] {
  const changed: number[] = [];
  const isOther = before === undefined || before.length !== after.length;
  for (let i = 0; i < after.length; i++) if (isOther || before[i] !== after[i]) changed.push(i);
  return changed;
}

/** How many tiles are in each state. */
export function countStates(tiles: readonly Tile[]): Record<TileState, number> {
  const counts: Record<TileState, number> = { bad: 0, warn: 0, stale: 0, unknown: 0, normal: 0 };
  for (const tile of tiles) counts[tile.state]++;
  return counts;
}

/** The group of a tile. */
export function groupOf({ groups }: TileLayout, index: number): TileGroup | undefined {
  return last(groups, (group) => group.first <= index);
}

/** The last that passes, of a list whose beginning does. */
function last<T>(list: readonly T[], passes: (one: T) => boolean): T | undefined {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(list[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return list[low - 1];
}
