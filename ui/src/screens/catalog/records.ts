/** The catalog over the public API. Every function throws `Problem`. */
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { every } from "../../api/every";
import { Problem } from "../../api/problem";
import { keyOf, type Attributes, type CatalogRecord, type FieldValue, type Kind } from "./kinds";
import { sensorsOf, type Sensor, type Series } from "./sensors";

const PAGE = 5_000;
/** More than a table can be looked through; the answer then says that there are more. */
const MOST = 50_000;

export interface Listing<Row> {
  readonly rows: readonly Row[];
  readonly isWhole: boolean;
}

const NOT_THERE = 404;

type Raw = Readonly<Record<string, unknown>>;

export function recordOf(raw: Raw): CatalogRecord {
  const { version, attributes, ...fields } = raw;
  return { version: version as number, attributes: (attributes ?? {}) as Attributes, fields: fields as Record<string, FieldValue> };
}

interface Page {
  readonly data: readonly Raw[];
  readonly next_cursor: string | null;
}

async function pages<Row>(read: (cursor: string | undefined) => Promise<Page>, made: (raw: Raw) => Row): Promise<Listing<Row>> {
  const rows: Row[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await read(cursor ?? undefined);
    for (const raw of page.data) rows.push(made(raw));
    cursor = page.next_cursor;
  } while (cursor && rows.length < MOST);
  return { rows, isWhole: !cursor };
}

/** All records of a kind, in the order of their keys. */
export function useRecords(kind: Kind, enabled = true) {
  return useQuery({
    queryKey: ["catalog", kind],
    enabled,
    queryFn: ({ signal }) =>
      pages(
        (cursor) => unwrap(api.GET("/v1/catalog/{kind}", { params: { path: { kind }, query: { limit: PAGE, ...(cursor ? { cursor } : {}) } }, signal })),
        recordOf,
      ),
  });
}

const SERIES_PAGE = 1_000;

export function useUnassigned() {
  return useQuery({
    queryKey: ["catalog", "unassigned"],
    refetchInterval: every(15_000),
    queryFn: async ({ signal }) => {
      const series = await pages(
        async (cursor) => (await unwrap(api.GET("/v1/catalog/unassigned", { params: { query: { limit: SERIES_PAGE, ...(cursor ? { cursor } : {}) } }, signal }))) as Page,
        (raw): Series => raw as Series,
      );
      return { rows: sensorsOf(series.rows), isWhole: series.isWhole };
    },
  });
}

/** A key's parts are encoded already, and the `/` between them belongs to the path. */
const pathSerializer = (path: string, values: Record<string, unknown>): string => path.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));

type Body = Readonly<Record<string, unknown>>;

export async function create(kind: Kind, body: Body): Promise<CatalogRecord> {
  return recordOf((await unwrap(api.POST("/v1/catalog/{kind}", { params: { path: { kind } }, body: body as never }))) as Raw);
}

/** Replace the record as it was read; 412 when somebody changed it meanwhile. */
export async function replace(kind: Kind, was: CatalogRecord, body: Body): Promise<CatalogRecord> {
  const path = { kind, key: keyOf(kind, was.fields) };
  const header = { "If-Match": `"${was.version}"` };
  return recordOf((await unwrap(api.PUT("/v1/catalog/{kind}/{key}", { params: { path, header }, body: body as never, pathSerializer }))) as Raw);
}

export async function remove(kind: Kind, was: CatalogRecord): Promise<void> {
  const path = { kind, key: keyOf(kind, was.fields) };
  await unwrap(api.DELETE("/v1/catalog/{kind}/{key}", { params: { path, header: { "If-Match": `"${was.version}"` } }, pathSerializer }));
}

/** What could not be deleted, and why. */
export interface Left {
  readonly record: CatalogRecord;
  readonly problem: Problem;
}

/**
 * Delete many, whatever order their references ask for: what is refused is tried again as long as others go. What somebody else deleted
 * counts as deleted. Throws `Problem` only where the platform cannot be asked.
 */
export async function removeAll(kind: Kind, doomed: readonly CatalogRecord[]): Promise<readonly Left[]> {
  let left: readonly Left[] = [];
  for (let rest = doomed; rest.length > 0; rest = left.map(({ record }) => record)) {
    const refused: Left[] = [];
    for (const record of rest) {
      try {
        await remove(kind, record);
      } catch (problem) {
        if (!(problem instanceof Problem) || problem.passing) throw problem;
        if (problem.status !== NOT_THERE) refused.push({ record, problem });
      }
    }
    left = refused;
    if (refused.length === rest.length) break;
  }
  return left;
}

export async function read(kind: Kind, fields: CatalogRecord["fields"]): Promise<CatalogRecord> {
  const path = { kind, key: keyOf(kind, fields) };
  return recordOf((await unwrap(api.GET("/v1/catalog/{kind}/{key}", { params: { path }, pathSerializer }))) as Raw);
}

/** Where sensors stand: in a building (and room), or at equipment. */
export interface Place {
  readonly building: string | null;
  readonly room: string | null;
  readonly equipment: string | null;
}

/** Assign all of them or none. */
export async function assign(sensors: readonly Pick<Sensor, "site" | "sensor">[], place: Place): Promise<void> {
  const body = sensors.map(({ site, sensor }) => ({ site_id: site, sensor_id: sensor, ...place }));
  await unwrap(api.POST("/v1/catalog/assign", { body }));
}
