/** An answer as the rows and columns of a table. */
import type { QueryAnswer } from "../../api/query";
import { fmt, t } from "../../i18n";
import type { Column } from "../../table";

export type Cells = Readonly<Record<string, string | number | null>>;

const HIDDEN = new Set(["label", "percent_good"]);

/** A row per value, in the order of the answer, numbered as `#`; times in epoch ms. Values of one unit have the same digits. */
export function cellsOf(answer: QueryAnswer, zone: string): { columns: Column<Cells>[]; rows: Cells[] } {
  const ids = Object.keys(answer.columns).filter((id) => !HIDDEN.has(id));
  const digits = digitsByUnit(answer);
  const columns = ids.map((id): Column<Cells> => {
    const plain = { id: id.replaceAll(/\W/g, "_"), label: id, value: (row: Cells) => row[id] };
    if (id === "ts") return { ...plain, label: t("explore.column.ts"), kind: "time", isTitle: true, width: 11, render: (row) => fmt.time(row["ts"] as number, zone, "second") };
    if (id === "value") return { ...plain, label: t("explore.column.value"), kind: "number", width: 7, render: (row) => valueText(row, digits) };
    if (id === "count" || id === "coverage") return { ...plain, kind: "number", width: 6, isExtra: id === "coverage" };
    return { ...plain, kind: "choice", width: 7 };
  });
  const rows = Array.from({ length: answer.rows }, (_, i): Cells => ({ "#": i, ...Object.fromEntries(ids.map((id) => [id, id === "ts" ? (answer.times[i] ?? null) : (answer.columns[id]?.[i] ?? null)])) }));
  return { columns, rows };
}

function valueText(row: Cells, digits: ReadonlyMap<string | null, number | undefined>): string {
  const [value, unit] = [row["value"] as number | null, (row["unit"] ?? null) as string | null];
  const exact = digits.get(unit);
  return exact === undefined ? fmt.number(value, unit) : fmt.fixed(value, unit, exact);
}

function digitsByUnit({ columns }: QueryAnswer): ReadonlyMap<string | null, number | undefined> {
  const values = new Map<string | null, (number | null)[]>();
  columns["value"]?.forEach((value, i) => {
    const unit = (columns["unit"]?.[i] ?? null) as string | null;
    const known = values.get(unit);
    if (known === undefined) values.set(unit, [value as number | null]);
    else known.push(value as number | null);
  });
  return new Map(Array.from(values, ([unit, of]) => [unit, fmt.digitsOf(of, unit)] as const));
}
