/** The state of a table in the URL, and the rows that it leaves. */
import { useMemo, useState } from "react";
import { tag } from "../i18n";
import { useSearchParams, type SearchChange, type SetSearchOptions } from "../url/useSearchParams";
import { visible, type Column } from "./column";
import { filtered } from "./filter";
import { sorted, type Sort } from "./sort";
import { parseState, type TableState } from "./state";

export interface TableView<Row> {
  readonly state: TableState;
  /** Columns that are shown. */
  readonly columns: readonly Column<Row>[];
  /** Rows that pass the filters, in order. */
  readonly rows: readonly Row[];
  readonly order: Sort | null;
  readonly change: (change: SearchChange, options?: SetSearchOptions) => void;
}

/** What is left of `rows`, ordered by the reader's choice, else by `usual`, else as they came. */
export function useTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  prefix: string,
  usual: Sort | null,
): TableView<Row> {
  const [search, change] = useSearchParams();
  const state = useMemo(() => parseState(search, prefix, columns), [search, prefix, columns]);
  const passing = useMemo(() => filtered(rows, columns, state.filters, state.search), [rows, columns, state]);
  const order = state.sort ?? usual;
  const by = columns.find((column) => column.id === order?.column);
  const isDown = order?.isDown ?? false;
  const language = tag();
  const shown = useMemo(
    () => (by === undefined ? passing : sorted(passing, by, isDown, language)),
    [passing, by, isDown, language],
  );
  return { state, columns: visible(columns, state.picked), rows: shown, order, change };
}

export interface Selection {
  readonly keys: ReadonlySet<string>;
  toggle(key: string): void;
  replace(keys: Iterable<string>): void;
  /** These are chosen no more; what was chosen meanwhile is. */
  drop(keys: readonly string[]): void;
  clear(): void;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Those of `chosen` that are still there: a row that is gone cannot be chosen any more. */
export function stillThere<Row>(chosen: ReadonlySet<string>, rows: readonly Row[], getKey: (row: Row) => string): ReadonlySet<string> {
  if (chosen.size === 0) return NOTHING;
  return new Set(rows.map(getKey).filter((key) => chosen.has(key)));
}

/** Rows that were chosen, by key. They stay chosen while filters change. */
export function useSelection<Row>(rows: readonly Row[], getKey: (row: Row) => string): Selection {
  const [chosen, setKeys] = useState<ReadonlySet<string>>(NOTHING);
  const keys = useMemo(() => stillThere(chosen, rows, getKey), [chosen, rows, getKey]);
  return useMemo(
    () => ({
      keys,
      toggle: (key) =>
        setKeys((before) => {
          const after = new Set(before);
          if (!after.delete(key)) after.add(key);
          return after;
        }),
      replace: (chosen) => setKeys(new Set(chosen)),
      drop: (done) =>
        setKeys((before) => {
          const after = new Set(before);
          for (const key of done) after.delete(key);
          return after;
        }),
      clear: () => setKeys(new Set()),
    }),
    [keys],
  );
}
