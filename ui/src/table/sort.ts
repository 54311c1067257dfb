/** Rows in an order. */
import type { Cell, Column } from "./column";

export interface Sort {
  readonly column: string;
  readonly isDown: boolean;
}

/**
 * The rows ordered by a column: numbers by size, text as people order it ("Room 9" before "Room 10"). What is not there
 * comes last in both directions, and rows that are equal keep their order.
 */
export function sorted<Row>(rows: readonly Row[], column: Column<Row>, isDown: boolean, tag: string): Row[] {
  const collator = new Intl.Collator(tag, { numeric: true, sensitivity: "base" });
  const sign = isDown ? -1 : 1;
  return rows
    .map((row) => ({ row, cell: column.value(row) }))
    .sort((a, b) => {
      if (isMissing(a.cell) || isMissing(b.cell)) return Number(isMissing(a.cell)) - Number(isMissing(b.cell));
      return sign * compared(a.cell, b.cell, collator);
    })
    .map(({ row }) => row);
}

function isMissing(cell: Cell): boolean {
  return cell == null || cell === "" || Number.isNaN(cell);
}

function compared(a: Cell, b: Cell, collator: Intl.Collator): number {
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
}
