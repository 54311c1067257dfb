/** The rows of a table as files. The rule against formulas is that of the platform's own CSV (docs/export.md). */
import type { Cell, Column } from "./column";

const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** One CSV cell: text that a spreadsheet would run gets an apostrophe, then RFC 4180 quoting. Nothing there is empty. */
export function csvCell(cell: Cell | Date): string {
  if (cell == null) return "";
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell !== "string") return String(cell);
  const safe = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The value of a cell in a file: times are instants. */
function exported<Row>(column: Column<Row>, row: Row): Cell | Date {
  const cell = column.value(row);
  return column.kind === "time" && typeof cell === "number" ? new Date(cell) : cell;
}

/** A header of column ids, and a record per row. */
export function csvOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const held = columns.filter((column) => column.isPlain !== true);
  const lines = rows.map((row) => held.map((column) => csvCell(exported(column, row))).join(","));
  return [held.map((column) => csvCell(column.id)).join(","), ...lines, ""].join("\r\n");
}

/** An array of objects, their members named by column ids; nothing there is null. */
export function jsonOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const held = columns.filter((column) => column.isPlain !== true);
  return JSON.stringify(
    rows.map((row) => Object.fromEntries(held.map((column) => [column.id, exported(column, row) ?? null]))),
    null,
    1,
  );
}

/** Gives the reader a file. */
export function save(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser takes the content when the click is handled, not before.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}
