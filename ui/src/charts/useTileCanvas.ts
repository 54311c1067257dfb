/** The canvas of the tiles: as large as what is seen of them, and painted only where something changed. */

import { type RefObject, useLayoutEffect, useMemo, useRef } from "react";

import { paintTiles, repaintTiles, type TilePaints, tilePaints, type TileWindow } from "./paintTiles";
import { useTheme } from "./theme";
import { changedTiles, layTiles, looksOf, type Tile, type TileLayout } from "./tiles";
import { paintWhole } from "./useCanvas";
import { useWidth } from "./useSize";

/** What the canvas shows now. */
interface Shown {
  layout: TileLayout;
  theme: object;
  looks: Int16Array;
  paints: TilePaints;
  top: number;
  /** As scales of the screen change, all has to be painted again. */
  ratio: number;
}

export function useTileCanvas(box: RefObject<HTMLDivElement | null>, canvas: RefObject<HTMLCanvasElement | null>, tiles: readonly Tile[], maxHeight: number): TileLayout {
  const theme = useTheme(box);
  const width = useWidth(box);
  const names = useGroups(tiles);
  // Values change all the time, places seldom: the layout follows the groups.
  const layout = useMemo(() => layTiles(tiles, width), [names, width]);
  const shown = useRef<Shown | undefined>(undefined);
  const height = Math.min(layout.height, maxHeight);

  const paint = useRef<() => void>(() => undefined);
  paint.current = () => {
    const [surface, holder] = [canvas.current, box.current];
    const context = surface?.getContext("2d");
    if (theme === undefined || width === 0 || !surface || !holder || !context) return;
    const ratio = window.devicePixelRatio || 1;
    const seen: TileWindow = { top: holder.scrollTop, height };
    const looks = looksOf(tiles, layout.size);
    const before = shown.current;
    const isSame = before?.layout === layout && before.theme === theme && before.top === seen.top && before.ratio === ratio;
    if (isSame && before.looks.length === looks.length) {
      repaintTiles(context, tiles, changedTiles(before.looks, looks), layout, before.paints, seen);
      shown.current = { ...before, looks };
      return;
    }
    const paints = before?.theme === theme && before.ratio === ratio ? before.paints : tilePaints(context, theme, ratio);
    paintWhole(surface, width, height, (pen) => paintTiles(pen, tiles, layout, paints, seen));
    shown.current = { layout, theme, looks, paints, top: seen.top, ratio };
  };

  useLayoutEffect(() => paint.current(), [tiles, layout, theme, width, height]);
  useLayoutEffect(() => {
    const holder = box.current;
    const scrolled = () => paint.current();
    holder?.addEventListener("scroll", scrolled, { passive: true });
    return () => holder?.removeEventListener("scroll", scrolled);
  }, [box]);
  return layout;
}

/** The same text for tiles of the same groups, however their values differ. */
function useGroups(tiles: readonly Tile[]): string {
  return useMemo(() => {
    const runs: string[] = [];
    let count = 0;
    tiles.forEach(({ group }, i) => {
      count++;
      if (tiles[i + 1]?.group !== group) {
        runs.push(`${group} ${count}`);
        count = 0;
      }
    });
    return runs.join("\n");
  }, [tiles]);
}
