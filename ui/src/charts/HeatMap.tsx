/** Rows by time, one colour per cell: rooms over a week, say. */

import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useMemo, useRef, useState } from "react";

import { fmt, t, tag, useLocale } from "../i18n";
import { ChartFrame } from "./ChartFrame";
import { HeatTable } from "./ChartTable";
import type { Question } from "./copyAs";
import { isKnown } from "./gaps";
import { type Classes, domainOf, heatClasses, heatColor } from "./heat";
import css from "./HeatMap.module.css";
import { type Cell, stepOver } from "./keys";
import { cellAt, type HeatLayout, layHeat, paintHeat } from "./paintHeat";
import { useTheme } from "./theme";
import type { Values } from "./types";
import { useCanvas } from "./useCanvas";
import { useWidth } from "./useSize";

export interface HeatRow {
  id: string;
  label: string;
  /** As many as the map's times; null where nothing was measured. */
  values: Values;
}

export interface HeatMapProps {
  title: string;
  isTitleHidden?: boolean | undefined;
  rows: readonly HeatRow[];
  /** Where each column begins, ascending. */
  times: ArrayLike<number>;
  stepMs: number;
  unit: string | null;
  zone: string;
  /** Ends of the colours; default: least and greatest value. */
  domain?: readonly [number, number] | undefined;
  /** A set point, from which the colours part in two directions. */
  middle?: number | undefined;
  /** A row was chosen, at a time. */
  onOpen?: ((row: HeatRow, ts: number) => void) | undefined;
  exportAs?: Question | undefined;
}

export function HeatMap(props: HeatMapProps): ReactNode {
  const { title, isTitleHidden, rows, times, stepMs, unit, zone, domain, middle, onOpen, exportAs } = props;
  useLocale();
  const locale = tag();
  const id = useId();
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme(host);
  const width = useWidth(host);
  const [pointed, setCell] = useState<Cell & { keyed: boolean }>();
  // Another answer may have fewer rows and columns than the one that was pointed at.
  const cell = useMemo(
    () => pointed && rows.length > 0 && times.length > 0 ? { ...pointed, row: Math.min(pointed.row, rows.length - 1), column: Math.min(pointed.column, times.length - 1) } : undefined,
    [pointed, rows.length, times.length],
  );

  const found = useMemo(() => domain ?? domainOf(rows.map((row) => row.values)), [rows, domain]);
  const classes = useMemo(() => found && heatClasses(found[0], found[1], middle), [found, middle]);
  const layout = useMemo(() => layHeat(rows.map((row) => row.label), times.length, width, theme?.font), [rows, times, width, theme]);
  const paint = useMemo(
    () => theme && ((context: CanvasRenderingContext2D, ratio: number) => paintHeat(context, ratio, { rows, times, stepMs, zone, locale, classes, isParted: middle !== undefined, layout, theme })),
    [rows, times, stepMs, zone, locale, classes, middle, layout, theme],
  );
  useCanvas(canvas, width, layout.height, paint);

  const row = cell && rows[cell.row];
  const ts = cell && times[cell.column];
  const said = row && ts !== undefined ? `${row.label}, ${fmt.time(ts, zone)}: ${cellText(row.values[cell.column], unit)}` : "";
  const open = () => {
    if (row !== undefined && ts !== undefined) onOpen?.(row, ts);
  };
  const point = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = cellAt(layout, event.clientX - box.left, event.clientY - box.top);
    if (at?.row !== cell?.row || at?.column !== cell?.column) setCell(at && { ...at, keyed: false });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") return open();
    const next = stepOver({ key: event.key, shift: event.shiftKey }, cell ?? { row: 0, column: times.length - 1 }, rows.length, times.length, 10);
    if (next === undefined) return;
    event.preventDefault();
    setCell({ ...(cell === undefined ? { row: 0, column: times.length - 1 } : next), keyed: true });
  };
  return (
    <ChartFrame
      title={title}
      isTitleHidden={isTitleHidden}
      summary={heatSummary(rows, found, unit)}
      exportAs={exportAs}
      table={() => <HeatTable title={title} rows={rows} times={times} zone={zone} unit={unit} />}
      caption={classes && <HeatLegend classes={classes} unit={unit} isParted={middle !== undefined} />}
    >
      <div
        ref={host}
        className={css["host"]}
        style={{ height: layout.height }}
        data-opens={onOpen !== undefined || undefined}
        role="application"
        aria-roledescription={t("charts.role")}
        aria-label={title}
        aria-describedby={id}
        tabIndex={0}
        onKeyDown={press}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setCell(undefined)}
        onBlur={() => setCell(undefined)}
        onClick={open}
      >
        <canvas ref={canvas} aria-hidden="true" />
        {cell !== undefined && said !== "" && <Pointed layout={layout} cell={cell} text={said} />}
      </div>
      <span id={id} className="visually-hidden">
        {t(onOpen === undefined ? "charts.gridKeys" : "charts.gridKeysOpen")}
      </span>
      <p aria-live="polite" className="visually-hidden">
        {cell?.keyed === true ? said : ""}
      </p>
    </ChartFrame>
  );
}

/** The cell that is pointed at, and what it holds, beside it. */
function Pointed({ layout, cell, text }: { layout: HeatLayout; cell: Cell; text: string }): ReactNode {
  const left = layout.left + cell.column * layout.cellWidth;
  const top = cell.row * layout.rowHeight;
  const isRight = left > layout.width / 2;
  return (
    <>
      <span className={css["cursor"]} style={{ left, top, width: Math.max(3, layout.cellWidth), height: layout.rowHeight }} />
      <span className={css["tip"]} style={{ top: top + layout.rowHeight + 6, ...(isRight ? { right: layout.width - left } : { left }) }}>
        {text}
      </span>
    </>
  );
}

function HeatLegend({ classes, unit, isParted }: { classes: Classes; unit: string | null; isParted: boolean }): ReactNode {
  const ends = classes.bounds;
  return (
    <div className={css["legend"]}>
      <ol className={css["classes"]}>
        {classes.colors.map((color, i) => (
          <li key={ends[i]} style={{ background: `var(${heatColor(color, isParted)})` }}>
            <span>{fmt.number(ends[i], null)}</span>
          </li>
        ))}
        <li className={css["end"]}>
          <span>{fmt.number(ends[ends.length - 1], unit)}</span>
        </li>
      </ol>
      <div className={css["unmeasured"]}>{t("charts.unmeasured")}</div>
    </div>
  );
}

function cellText(value: number | null | undefined, unit: string | null): string {
  return isKnown(value) ? fmt.number(value, unit) : t("charts.unmeasured");
}

function heatSummary(rows: readonly HeatRow[], found: readonly [number, number] | undefined, unit: string | null): string {
  if (found === undefined) return t("charts.heatNothing", { n: rows.length });
  return t("charts.heatSummary", { n: rows.length, min: fmt.number(found[0], unit), max: fmt.number(found[1], unit) });
}
