/** An answer as the rows and columns of a table. */
import type { QueryAnswer } from "../../api/query";
import { fmt, t } from "../../i18n";
import type { Column } from "../../table";

export type Cells = Readonly<Record<string, string | number | null>>;

const HIDDEN = new Set(["label", "percent_good"]);

/** What is in the same place in every answer; groups stand between the time and these. */
const LAST = ["metric", "name", "value", "unit", "count", "coverage"];
const LABELS = { metric: "explore.metric", name: "explore.column.name", unit: "explore.column.unit", count: "explore.fn.count", coverage: "explore.fn.coverage", site_id: "explore.key.site", sensor_id: "explore.key.sensor", building: "explore.key.building", room: "explore.key.room", equipment: "explore.key.equipment" } as const;

/** How a reader calls a column of the answer: tags by their own names. */
function labelOf(id: string): string {
  return id in LABELS ? t(LABELS[id as keyof typeof LABELS]) : id.replace(/^tag:/, "");
}

/**
 * A row per value, in the order of the answer, numbered as `#`; times in epoch ms. Values of one unit have the same digits. What says the
 * same in every row is offered, not shown.
 */
export function cellsOf(answer: QueryAnswer, zone: string): { columns: Column<Cells>[]; rows: Cells[] } {
  const rank = (id: string) => (id === "ts" ? -1 : LAST.indexOf(id) + 1);
  const ids = Object.keys(answer.columns)
    .filter((id) => !HIDDEN.has(id))
    .sort((a, b) => rank(a) - rank(b));
  const digits = digitsByUnit(answer);
  const columns = ids.map((id): Column<Cells> => {
    const plain = { id: id.replaceAll(/\W/g, "_"), label: labelOf(id), value: (row: Cells) => row[id] };
    if (id === "ts") return { ...plain, label: t("explore.column.ts"), kind: "time", isTitle: true, grow: 0, render: (row) => fmt.time(row["ts"] as number, zone, "second") };
    if (id === "value") return { ...plain, label: t("explore.column.value"), kind: "number", width: 7, render: (row) => valueText(row, digits) };
    if (id === "count" || id === "coverage") return { ...plain, kind: "number", width: 6, isExtra: id === "coverage" };
    const texts = new Set(answer.columns[id]);
    const saysNothing = texts.size < 2 && (id === "name" || id === "metric" || [...texts].every((text) => text === null || text === ""));
    return { ...plain, kind: "choice", width: 7, isExtra: saysNothing };
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
