/** What the columns of a file mean, and the rows of the API that its records become. */
import { decimalOf, isNumber, numberOf, type Decimal } from "./numbers";
import type { Preview } from "./preview";
import { timeFormOf, timeReader, type TimeForm } from "./times";
import { meaningOf, nameOf, unitOf } from "./units";

/** What one column holds. */
export type Role = "time" | "sensor" | "site" | "metric" | "value" | "unit" | "measure" | "none";

export interface ColumnMeaning {
  readonly header: string;
  readonly role: Role;
  /** Of a `measure` (or of `value` where no column names metrics): the metric and unit that it is sent as. */
  readonly metric: string;
  readonly unit: string;
}

export interface Mapping {
  readonly columns: readonly ColumnMeaning[];
  readonly timeForm: TimeForm;
  /** The clock of times without an offset. */
  readonly zone: string;
  /** What decimals are written with. */
  readonly decimal: Decimal;
  /** Of records that name none themselves. */
  readonly sensor: string;
  readonly site: string;
}

const NAMED: readonly (readonly [Role, RegExp])[] = [
  ["time", /^(ts|time|timestamp|date|datetime|date_time|zeit|zeitstempel|datum|horodatage|time_utc|utc)$/],
  ["sensor", /^(sensor|sensor_id|sensorid|device|device_id|id|meter|meter_id|tag|channel|capteur|zaehler)$/],
  ["site", /^(site|site_id|standort|location)$/],
  ["metric", /^(metric|measurement|quantity|parameter|variable|messgrosse)$/],
  ["value", /^(value|reading|wert|valeur|val)$/],
  ["unit", /^(unit|units|einheit|unite)$/],
];

/** What the columns probably mean, from their names and first records. */
export function guess({ header, rows, delimiter }: Preview, fileName: string, zone: string): Mapping {
  const samples = (i: number) => rows.slice(0, 100).map((row) => row[i] ?? "");
  const taken = new Set<Role>();
  const columns = header.map((name, i): ColumnMeaning => {
    const found = NAMED.find(([role, named]) => named.test(nameOf(name)) && !taken.has(role))?.[0];
    if (found) taken.add(found);
    const numeric = samples(i).some((cell) => isNumber(cell)) && samples(i).every((cell) => numberOf(cell) !== null);
    return { header: name, role: found ?? (numeric ? "measure" : "none"), ...meaningOf(name) };
  });
  if (!taken.has("time")) {
    const at = columns.findIndex((_, i) => timeFormOf(samples(i)) !== undefined);
    if (at >= 0) columns[at] = { ...columns[at]!, role: "time" };
  }
  const time = columns.findIndex(({ role }) => role === "time");
  const numbers = columns.flatMap(({ role }, i) => (role === "measure" || role === "value" ? samples(i) : []));
  const stem = fileName.replace(/\.[^.]*$/, "").replace(/[^\w.-]+/g, "-");
  return { columns, timeForm: timeFormOf(samples(time)) ?? "iso", zone, decimal: decimalOf(numbers, delimiter), sensor: stem || "my-sensor", site: "default" };
}

export type MappingFault = "noTime" | "noValue" | "noSensor" | "noMetric" | "twice";

/** Why nothing can be sent with this mapping. */
export function faultOf(mapping: Mapping): MappingFault | null {
  const has = (role: Role) => mapping.columns.some((column) => column.role === role);
  if (!has("time")) return "noTime";
  if (!has("sensor") && mapping.sensor.trim() === "") return "noSensor";
  if (!has("measure") && !has("value")) return "noValue";
  const named = mapping.columns.filter(({ role }) => role === "measure" || (role === "value" && !has("metric")));
  if (named.some(({ metric }) => metric === "" || RESERVED.has(metric))) return "noMetric";
  return new Set(named.map(({ metric }) => metric)).size < named.length ? "twice" : null;
}

/** Fields of a row that are no metrics. */
const RESERVED = new Set(["sensor_id", "site_id", "tenant_id", "building", "room", "ts", "timestamp", "metric", "value", "unit", "units", "tags", "seq"]);

export type RowFault = "badTime" | "badNumber" | "emptySensor" | "emptyMetric" | "noValue";
export type Made = { readonly row: Readonly<Record<string, unknown>>; readonly ts: number; readonly sensor: string } | { readonly fault: RowFault; readonly cell: string };

/** Makes the row of the API out of a record: one row for each, so that verdicts name records. */
export function rowMaker(mapping: Mapping): (cells: readonly string[]) => Made {
  const place = (role: Role) => mapping.columns.findIndex((column) => column.role === role);
  const [time, sensorAt, siteAt, metricAt, valueAt, unitAt] = (["time", "sensor", "site", "metric", "value", "unit"] as const).map(place) as [number, number, number, number, number, number];
  const measures = mapping.columns.flatMap((column, i) => (column.role === "measure" || (column.role === "value" && metricAt < 0) ? [{ ...column, i }] : []));
  const units = Object.fromEntries(measures.filter(({ unit }) => unit !== "").map(({ metric, unit }) => [metric, unit]));
  const read = timeReader(mapping.timeForm, mapping.zone);
  const cell = (cells: readonly string[], i: number) => (i < 0 ? "" : (cells[i] ?? "").trim());
  return (cells) => {
    const ts = read(cell(cells, time));
    if (ts === null) return { fault: "badTime", cell: cell(cells, time) };
    const sensor = sensorAt < 0 ? mapping.sensor : cell(cells, sensorAt);
    if (sensor === "") return { fault: "emptySensor", cell: "" };
    const row: Record<string, unknown> = { sensor_id: sensor, site_id: cell(cells, siteAt) || mapping.site, ts };
    if (metricAt >= 0) {
      const metric = nameOf(cell(cells, metricAt));
      if (metric === "") return { fault: "emptyMetric", cell: "" };
      const value = numberOf(cell(cells, valueAt), mapping.decimal);
      if (typeof value !== "number") return { fault: value === null ? "badNumber" : "noValue", cell: cell(cells, valueAt) };
      const unit = unitAt < 0 ? (mapping.columns[valueAt]?.unit ?? "") : unitOf(cell(cells, unitAt));
      return { row: { ...row, metric, value, ...(unit ? { unit } : {}) }, ts, sensor };
    }
    let some = false;
    for (const { i, metric } of measures) {
      const value = numberOf(cells[i] ?? "", mapping.decimal);
      if (value === null) return { fault: "badNumber", cell: cell(cells, i) };
      if (value === undefined) continue;
      some = true;
      row[metric] = value;
    }
    if (!some) return { fault: "noValue", cell: "" };
    return { row: Object.keys(units).length > 0 ? { ...row, units } : row, ts, sensor };
  };
}
