/** Charts as tables: the same numbers, to be read, sorted and taken along. */

import { lazy, type ReactNode, Suspense, useMemo } from "react";

import { fmt, t } from "../i18n";
import { Skeleton } from "../states";
import type { Column } from "../table";
import type { IndexRow, IndexTableProps } from "./IndexTable";
import { STATE_KEYS } from "./stateKeys";
import type { Tile } from "./tiles";
import type { Line, Values } from "./types";
import { statsOf } from "./words";

const IndexTable = lazy(() => import("./IndexTable"));

function Table(props: IndexTableProps): ReactNode {
  return (
    <Suspense fallback={<Skeleton />}>
      <IndexTable {...props} />
    </Suspense>
  );
}

export interface ChartTableProps {
  title: string;
  times: ArrayLike<number>;
  lines: readonly Line[];
  zone: string;
}

/** A row per time, a column per line; of bands, their edges as well. */
export function ChartTable({ title, times, lines, zone }: ChartTableProps): ReactNode {
  const columns = useMemo(
    () => [
      timeColumn(times, zone),
      ...lines.flatMap((line, i) => [
        valueColumn(`v${i}`, withUnit(line.label, line.unit), line.values),
        ...(line.low === undefined ? [] : [valueColumn(`l${i}`, withUnit(t("charts.low", { line: line.label }), line.unit), line.low)]),
        ...(line.high === undefined ? [] : [valueColumn(`h${i}`, withUnit(t("charts.high", { line: line.label }), line.unit), line.high)]),
      ]),
    ],
    [times, lines, zone],
  );
  return <Table title={title} count={times.length} columns={columns} />;
}

export interface HeatTableProps {
  title: string;
  rows: readonly { id: string; label: string; values: Values }[];
  times: ArrayLike<number>;
  unit: string | null;
  zone: string;
}

/** A row per time, a column per row of the map. */
export function HeatTable({ title, rows, times, unit, zone }: HeatTableProps): ReactNode {
  const columns = useMemo(
    () => [timeColumn(times, zone), ...rows.map((row, i) => valueColumn(`v${i}`, withUnit(row.label, unit), row.values))],
    [rows, times, unit, zone],
  );
  return <Table title={title} count={times.length} columns={columns} />;
}

export interface BarsTableProps {
  title: string;
  periods: readonly string[];
  series: readonly { id: string; label: string; values: Values }[];
  before: { label: string; values: Values } | undefined;
  unit: string | null;
}

/** A row per period. */
export function BarsTable({ title, periods, series, before, unit }: BarsTableProps): ReactNode {
  const columns = useMemo(
    () => [
      { id: "period", label: t("charts.period"), isTitle: true, value: (row: IndexRow) => periods[row.index] },
      ...series.map((one, i) => valueColumn(`v${i}`, withUnit(one.label, unit), one.values)),
      ...(before === undefined ? [] : [valueColumn("before", withUnit(before.label, unit), before.values)]),
    ],
    [periods, series, before, unit],
  );
  return <Table title={title} count={periods.length} columns={columns} />;
}

export interface TilesTableProps {
  title: string;
  tiles: readonly Tile[];
  onOpen: ((tile: Tile) => void) | undefined;
}

/** A row per tile. */
export function TilesTable({ title, tiles, onOpen }: TilesTableProps): ReactNode {
  const columns = useMemo(() => {
    const of = (read: (tile: Tile) => string | undefined) => (row: IndexRow) => {
      const tile = tiles[row.index];
      return tile === undefined ? undefined : read(tile);
    };
    return [
      { id: "name", label: t("charts.name"), isTitle: true, value: of((tile) => tile.label) },
      { id: "group", label: t("charts.group"), kind: "choice", value: of((tile) => tile.group) },
      { id: "state", label: t("charts.state"), kind: "choice", value: of((tile) => t(STATE_KEYS[tile.state])) },
      { id: "value", label: t("charts.value"), value: of((tile) => tile.text) },
    ] satisfies Column<IndexRow>[];
  }, [tiles]);
  const open = (index: number) => {
    const tile = tiles[index];
    if (tile !== undefined) onOpen?.(tile);
  };
  return <Table title={title} count={tiles.length} columns={columns} onOpen={onOpen && open} />;
}

function timeColumn(times: ArrayLike<number>, zone: string): Column<IndexRow> {
  return {
    id: "time",
    label: t("charts.time", { zone }),
    kind: "time",
    isTitle: true,
    value: (row) => times[row.index],
    render: (row) => fmt.time(times[row.index], zone, "second"),
  };
}

/** Digits after the point of a column that is not all whole numbers: a table is read for more than its chart. */
const FRACTION = 2;

function valueColumn(id: string, label: string, values: Values): Column<IndexRow> {
  const digits = statsOf(values)?.isWhole === true ? 0 : FRACTION;
  return { id, label, kind: "number", value: (row) => values[row.index], render: (row) => fmt.fixed(values[row.index], null, digits) };
}

function withUnit(label: string, unit: string | null): string {
  return unit === null ? label : `${label} (${fmt.unit(unit)})`;
}
