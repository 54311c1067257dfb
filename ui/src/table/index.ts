/** Tables. */
export type { Cell, Column } from "./column";
export { DataTable, type BulkAction, type DataTableProps, type More } from "./DataTable";
export { csvCell, csvOf, jsonOf, save } from "./exports";
export type { Sort } from "./sort";
