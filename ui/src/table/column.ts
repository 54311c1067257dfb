/** What a column of a table is. */
import type { ReactNode } from "react";

/** What a cell holds: times are epoch ms in a column of kind `time`. */
export type Cell = string | number | boolean | null | undefined;

/** One column. Its value is sorted, filtered and exported by; how it looks is `render`'s business. */
export interface Column<Row> {
  /** Short, stable, of letters and digits: it stands in URLs and is the heading of exports. */
  readonly id: string;
  readonly label: string;
  readonly value: (row: Row) => Cell;
  /** `choice` is text of few different values. Numbers and times are aligned to the right. */
  readonly kind?: "text" | "number" | "time" | "choice";
  readonly render?: (row: Row) => ReactNode;
  /** Narrowest width in rem, and its part of what is left over. */
  readonly width?: number;
  readonly grow?: number;
  /** Says which row this is: the heading of its card, and never hidden. */
  readonly isTitle?: boolean;
  /** Not shown until it is picked. */
  readonly isExtra?: boolean;
  /** Nothing to sort or filter by: a sparkline, a button. */
  readonly isPlain?: boolean;
  /** How a value is written in filters: `charging` → "Charging". */
  readonly written?: (value: string) => string;
}

/** The columns that are shown: what the reader picked in the table's own order, else all that are not extra. */
export function visible<Row>(columns: readonly Column<Row>[], picked: readonly string[] | null): Column<Row>[] {
  return columns.filter((column) => {
    if (column.isTitle === true) return true;
    return picked === null ? column.isExtra !== true : picked.includes(column.id);
  });
}
