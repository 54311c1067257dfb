/** What a reader made of a table, as the URL keeps it under the table's prefix. */
import { asText } from "../url/text";
import type { SearchChange } from "../url/useSearchParams";
import type { Column } from "./column";
import { parseFilter, printFilter, type Filter } from "./filter";
import type { Sort } from "./sort";

/**
 * `<prefix>.sort=-soc` (a minus for downwards), `<prefix>.q=text`, `<prefix>.cols=name,soc` and, per filter,
 * `<prefix>.f.soc=<0.5`.
 */
export interface TableState {
  readonly sort: Sort | null;
  readonly search: string;
  readonly filters: Readonly<Record<string, Filter>>;
  /** Ids of the columns that were picked; null for the usual ones. */
  readonly picked: readonly string[] | null;
  /** Parameters that mean nothing for this table. They are told to the reader, who can take them out. */
  readonly faults: readonly Fault[];
}

export interface Fault {
  readonly parameter: string;
  readonly value: string;
}

/** The state of raw search parameters. */
export function parseState<Row>(
  raw: Readonly<Record<string, unknown>>,
  prefix: string,
  columns: readonly Column<Row>[],
): TableState {
  const faults: Fault[] = [];
  const text = (name: string) => asText(raw[`${prefix}.${name}`]);
  const find = (id: string) => columns.find((column) => column.id === id && column.isPlain !== true);

  const order = text("sort");
  const sort = order === undefined ? null : { column: order.replace(/^-/, ""), isDown: order.startsWith("-") };
  const known = sort === null || find(sort.column) !== undefined;
  if (!known) faults.push({ parameter: `${prefix}.sort`, value: order ?? "" });

  const picked = text("cols")?.split(",").filter(Boolean) ?? null;
  const strange = picked?.filter((id) => columns.every((column) => column.id !== id)) ?? [];
  if (strange.length > 0) faults.push({ parameter: `${prefix}.cols`, value: strange.join(",") });

  const filters: Record<string, Filter> = {};
  const lead = `${prefix}.f.`;
  for (const [parameter, value] of Object.entries(raw)) {
    if (!parameter.startsWith(lead) || value === undefined) continue;
    const column = find(parameter.slice(lead.length));
    const filter = column === undefined ? null : parseFilter(column.kind ?? "text", asText(value) ?? "");
    if (column === undefined || filter === null) faults.push({ parameter, value: asText(value) ?? JSON.stringify(value) });
    else filters[column.id] = filter;
  }
  return { sort: known ? sort : null, search: text("q") ?? "", filters, picked, faults };
}

/** The parameters that order a table; null takes them out. */
export function sortChange(prefix: string, sort: Sort | null): SearchChange {
  return { [`${prefix}.sort`]: sort === null ? undefined : `${sort.isDown ? "-" : ""}${sort.column}` };
}

/** The parameters that set one filter; null takes it out. */
export function filterChange(prefix: string, column: string, filter: Filter | null): SearchChange {
  return { [`${prefix}.f.${column}`]: filter === null ? undefined : printFilter(filter) };
}

/** The parameters that search; an empty text takes them out. */
export function searchChange(prefix: string, text: string): SearchChange {
  return { [`${prefix}.q`]: text === "" ? undefined : text };
}

/** The parameters that pick columns; null goes back to the usual ones. */
export function columnsChange(prefix: string, picked: readonly string[] | null): SearchChange {
  return { [`${prefix}.cols`]: picked?.join(",") };
}

/** The parameters that take all filters out, also those that were not understood. */
export function clearChange(prefix: string, state: TableState): SearchChange {
  const wrong = state.faults.map((fault) => fault.parameter);
  const filters = Object.keys(state.filters).map((column) => `${prefix}.f.${column}`);
  return Object.fromEntries([...filters, ...wrong, `${prefix}.q`].map((name) => [name, undefined]));
}

/** What pressing a heading asks for: numbers and times from the top first, then the other way round, then as they came. */
export function nextSort<Row>(sort: Sort | null, column: Column<Row>): Sort | null {
  const first = column.kind === "number" || column.kind === "time";
  if (sort?.column !== column.id) return { column: column.id, isDown: first };
  return sort.isDown === first ? { column: column.id, isDown: !first } : null;
}
