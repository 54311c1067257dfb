/** The kinds of records that the catalog has, and their fields as forms and tables show them. */
import type { Key } from "../../i18n";

export const KINDS = ["sites", "buildings", "rooms", "equipment", "devices", "sensor-types", "points"] as const;
export type Kind = (typeof KINDS)[number];

/** What a free attribute may be. */
export type Value = string | number | boolean;
export type Attributes = Readonly<Record<string, Value>>;
export type FieldValue = string | number | null;

/** One record: its fields by name, apart from the free attributes and the version that `If-Match` needs. */
export interface CatalogRecord {
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly attributes: Attributes;
  readonly version: number;
}

export interface FieldSpec {
  readonly name: string;
  readonly label: Key;
  /** Names the record, and so never changes. */
  readonly isKey?: boolean;
  readonly isRequired?: boolean;
  /** Holds the id of a record of this kind; a room's together with the field `building`. */
  readonly of?: Kind;
  readonly isNumber?: boolean;
  readonly rows?: number;
}

const id: FieldSpec = { name: "id", label: "catalog.id", isKey: true, isRequired: true };
const name: FieldSpec = { name: "name", label: "catalog.name" };
const site: FieldSpec = { name: "site", label: "catalog.site", of: "sites" };
const building: FieldSpec = { name: "building", label: "catalog.building", of: "buildings" };
const room: FieldSpec = { name: "room", label: "catalog.room", of: "rooms" };

export const FIELDS: Readonly<Record<Kind, readonly FieldSpec[]>> = {
  sites: [id, name, { name: "zone", label: "catalog.zone" }],
  buildings: [id, name, { ...site, isRequired: true }],
  rooms: [{ ...building, isKey: true, isRequired: true }, id, name, { name: "floor", label: "catalog.floor" }],
  equipment: [id, name, { name: "type", label: "catalog.type" }, site, building, room, { name: "part_of", label: "catalog.partOf", of: "equipment" }],
  devices: [
    id,
    name,
    { name: "manufacturer", label: "catalog.manufacturer" },
    { name: "model", label: "catalog.model" },
    { name: "serial", label: "catalog.serial" },
  ],
  "sensor-types": [
    id,
    name,
    { name: "metric", label: "catalog.metric" },
    { name: "unit", label: "catalog.unit" },
    { name: "accuracy", label: "catalog.accuracy", isNumber: true },
    { name: "description", label: "catalog.description", rows: 2 },
    { name: "preprocessing", label: "catalog.preprocessing", rows: 2 },
  ],
  points: [
    { name: "site_id", label: "catalog.senderSite", isKey: true, isRequired: true },
    { name: "sensor_id", label: "catalog.sensor", isKey: true, isRequired: true },
    { name: "metric", label: "catalog.metric", isKey: true },
    name,
    building,
    room,
    { name: "equipment", label: "catalog.equipment", of: "equipment" },
    { name: "device", label: "catalog.device", of: "devices" },
    { name: "sensor_type", label: "catalog.sensorType", of: "sensor-types" },
  ],
};

export function isKind(text: string | undefined): text is Kind {
  return (KINDS as readonly string[]).includes(text ?? "");
}

/** What names a record in paths: its key's parts, each percent-encoded, with `/` between them. A point's empty metric is left out. */
export function keyOf(kind: Kind, fields: Readonly<Record<string, FieldValue>>): string {
  const parts = FIELDS[kind].filter((field) => field.isKey).map((field) => String(fields[field.name] ?? ""));
  if (kind === "points" && parts.at(-1) === "") parts.pop();
  return parts.map(encodeURIComponent).join("/");
}

/** The same for people. */
export function nameOf(kind: Kind, record: Pick<CatalogRecord, "fields">): string {
  const key = decodeURIComponent(keyOf(kind, record.fields));
  const called = record.fields["name"];
  return called && called !== key ? `${called} (${key})` : key;
}

/** A typed attribute: numbers and true or false are meant as such, everything else is text. */
export function valueOf(text: string): Value {
  const plain = text.trim();
  if (plain === "true" || plain === "false") return plain === "true";
  const number = Number(plain);
  // A number that would not be written the same (007, 1e3, long ids) is a text to whoever typed it.
  return plain !== "" && String(number) === plain && Number.isFinite(number) ? number : text;
}
