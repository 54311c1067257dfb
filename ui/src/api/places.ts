/** What the catalog says of sites, buildings and rooms; it changes seldom, so screens share the answers for a minute. */
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";

export interface Site {
  id: string;
  name: string;
  /** IANA name; empty where nobody said it. */
  zone: string;
}

export interface Building {
  id: string;
  site: string;
  name: string;
}

export interface Room {
  building: string;
  id: string;
  name: string;
  floor: string;
  attributes: Readonly<Record<string, string | number | boolean>>;
}

interface Kinds {
  sites: Site;
  buildings: Building;
  rooms: Room;
}

/** Of one list; the platform gives no more at once. */
const PAGE = 1_000;
const KEPT_MS = 60_000;

/** All records of a kind that fit. Throws `Problem`. */
async function records<K extends keyof Kinds>(kind: K, which: { id?: string; building?: string }, signal: AbortSignal): Promise<Kinds[K][]> {
  const found: Kinds[K][] = [];
  let cursor: string | null = null;
  do {
    const query: { id?: string; building?: string; limit: number; cursor?: string } = { ...which, limit: PAGE, ...(cursor === null ? {} : { cursor }) };
    const page = (await unwrap(api.GET("/v1/catalog/{kind}", { params: { path: { kind }, query }, signal }))) as unknown as { data: Kinds[K][]; next_cursor: string | null };
    found.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found;
}

/** The site, null where the catalog has none of that name. */
export function useSite(id: string | undefined) {
  return useQuery({
    queryKey: ["site", id],
    queryFn: async ({ signal }) => (await records("sites", { id: id! }, signal))[0] ?? null,
    enabled: id !== undefined,
    staleTime: KEPT_MS,
  });
}

/** The building, null where the catalog has none of that name. */
export function useBuilding(id: string) {
  return useQuery({ queryKey: ["building", id], queryFn: async ({ signal }) => (await records("buildings", { id }, signal))[0] ?? null, staleTime: KEPT_MS });
}

/** The rooms of a building. */
export function useRooms(building: string) {
  return useQuery({ queryKey: ["rooms", building], queryFn: ({ signal }) => records("rooms", { building }, signal), staleTime: KEPT_MS });
}

/** The zone of a site for `SiteZone`; undefined until it is known, and where the catalog does not say. */
export function useZoneOf(site: string | undefined): string | undefined {
  return useSite(site).data?.zone || undefined;
}
