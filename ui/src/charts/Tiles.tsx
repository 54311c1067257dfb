/** A fleet at a glance: a tile for each of up to ten thousand, by group. */

import { type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactNode, useId, useRef, useState } from "react";

import { fmt, t, useLocale } from "../i18n";
import { ChartFrame } from "./ChartFrame";
import { TilesTable } from "./ChartTable";
import { STATE_KEYS } from "./stateKeys";
import css from "./Tiles.module.css";
import { countStates, groupOf, placeOf, STATES, stepTiles, type Tile, tileAt, type TileLayout, type TileState } from "./tiles";
import { useTileCanvas } from "./useTileCanvas";

export type { Tile, TileState } from "./tiles";

export interface TilesProps {
  title: string;
  isTitleHidden?: boolean | undefined;
  tiles: readonly Tile[];
  /** Most that it takes of the page; more is scrolled. CSS pixels. */
  maxHeight?: number | undefined;
  onOpen?: ((tile: Tile) => void) | undefined;
  tools?: ReactNode;
}

export function Tiles({ title, isTitleHidden, tiles, maxHeight = 480, onOpen, tools }: TilesProps): ReactNode {
  useLocale();
  const id = useId();
  const [at, setAt] = useState<{ index: number; keyed: boolean }>();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const layout = useTileCanvas(box, canvas, tiles, maxHeight);
  const tile = at && tiles[at.index];

  const find = (event: PointerEvent<HTMLElement> | MouseEvent<HTMLElement>) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return tileAt(layout, event.clientX - left, event.clientY - top);
  };
  const point = (event: PointerEvent<HTMLElement>) => {
    const index = find(event);
    if (index !== at?.index) setAt(index === undefined ? undefined : { index, keyed: false });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" && tile !== undefined) return onOpen?.(tile);
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / layout.pitch) - 1);
    const next = stepTiles(layout, { key: event.key, shift: event.shiftKey }, at?.index ?? 0, page);
    if (next === undefined) return;
    event.preventDefault();
    setAt({ index: at === undefined ? 0 : next, keyed: true });
    scrollTo(box.current, placeOf(layout, next).y, layout.pitch);
  };
  const counts = countStates(tiles);
  return (
    <ChartFrame
      title={title}
      isTitleHidden={isTitleHidden}
      summary={[t("charts.tilesSummary", { n: tiles.length, groups: layout.groups.length }), ...stateTexts(counts)].join(" ")}
      tools={tools}
      table={() => <TilesTable title={title} tiles={tiles} onOpen={onOpen} />}
      caption={<TilesLegend counts={counts} />}
    >
      <div
        ref={box}
        className={css["box"]}
        style={{ maxHeight }}
        role="application"
        aria-roledescription={t("charts.gridRole")}
        aria-label={title}
        aria-describedby={id}
        tabIndex={0}
        onKeyDown={press}
        onBlur={() => setAt(undefined)}
      >
        <div
          className={css["area"]}
          data-opens={onOpen !== undefined || undefined}
          style={{ height: layout.height }}
          onPointerMove={point}
          onPointerLeave={() => setAt(undefined)}
          onClick={(event) => {
            const index = find(event);
            const hit = index === undefined ? undefined : tiles[index];
            if (hit !== undefined) onOpen?.(hit);
          }}
        >
          <canvas ref={canvas} aria-hidden="true" className={css["canvas"]} />
          {at !== undefined && tile !== undefined && <Pointed layout={layout} index={at.index} tile={tile} width={box.current?.clientWidth ?? 0} />}
        </div>
      </div>
      <span id={id} className="visually-hidden">
        {t(onOpen === undefined ? "charts.gridKeys" : "charts.gridKeysOpen")}
      </span>
      <p aria-live="polite" className="visually-hidden">
        {at?.keyed === true && tile !== undefined ? tileText(tile, groupOf(layout, at.index)?.name) : ""}
      </p>
    </ChartFrame>
  );
}

/** "b-0012, warning, 12 %", with the group where it is not seen. */
export function tileText(tile: Tile, group?: string): string {
  return [tile.label, group, t(STATE_KEYS[tile.state]), tile.text].filter(Boolean).join(", ");
}

function Pointed({ layout, index, tile, width }: { layout: TileLayout; index: number; tile: Tile; width: number }): ReactNode {
  const { x, y } = placeOf(layout, index);
  const isRight = x > width / 2;
  const isLow = y + 4 * layout.pitch > layout.height;
  return (
    <>
      <span className={css["cursor"]} style={{ left: x, top: y, width: layout.size, height: layout.size }} />
      <span className={css["tip"]} style={{ top: isLow ? y - 34 : y + layout.pitch + 4, ...(isRight ? { right: width - x } : { left: x }) }}>
        {tileText(tile)}
      </span>
    </>
  );
}

function TilesLegend({ counts }: { counts: Record<TileState, number> }): ReactNode {
  return (
    <ul className={css["legend"]}>
      {STATES.filter((state) => counts[state] > 0).map((state) => (
        <li key={state} data-state={state}>
          {t(STATE_KEYS[state])} <b>{fmt.count(counts[state])}</b>
        </li>
      ))}
    </ul>
  );
}

function stateTexts(counts: Record<TileState, number>): string[] {
  return STATES.filter((state) => counts[state] > 0).map((state) => t("charts.tilesState", { n: counts[state], state: t(STATE_KEYS[state]) }));
}

/** Brings a row into view, with the heading above it. */
function scrollTo(box: HTMLElement | null, y: number, pitch: number): void {
  if (box === null) return;
  if (y - 2 * pitch < box.scrollTop) box.scrollTop = Math.max(0, y - 2 * pitch);
  else if (y + 2 * pitch > box.scrollTop + box.clientHeight) box.scrollTop = y + 2 * pitch - box.clientHeight;
}
