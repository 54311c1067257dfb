/** Everything that matches the filter: what the platform knows of it, and what announced itself since. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useSyncExternalStore } from "react";
import { api, unwrap } from "../../api/client";
import { board, keyOf } from "../../live";
import { isWanted, type Named, type Wish } from "./patterns";

/** A series with its newest reading as of when the screen was opened. */
export interface Row extends Named {
  readonly unit: string;
  readonly ts: number | null;
  readonly value: number | null;
}

/** More than anybody looks through; the rest is found by a filter. */
export const MOST_ROWS = 2_000;

interface Newest {
  readonly ts?: string | null;
  readonly sensor_id?: string | null;
  readonly site_id?: string | null;
  readonly metric?: string | null;
  readonly value?: number | null;
  readonly unit?: string | null;
}

async function newest({ site, sensor, metric }: Wish, signal: AbortSignal): Promise<Row[]> {
  const query = { limit: MOST_ROWS, ...(site === "*" ? {} : { site }), ...(sensor === "*" ? {} : { sensor }), ...(metric === "*" ? {} : { metric }) };
  const { data } = (await unwrap(api.GET("/v1/latest", { params: { query }, signal }))) as { data: Newest[] };
  return data.map((one) => {
    const [at, name, what] = [one.site_id ?? "", one.sensor_id ?? "", one.metric ?? ""];
    return { key: keyOf(at, name, what), site: at, sensor: name, metric: what, unit: one.unit ?? "", ts: one.ts == null ? null : Date.parse(one.ts), value: one.value ?? null };
  });
}

/** The newest reading of every series that fits a wish, by name. `hasMore`: there are more than are shown. */
export function useSnapshot(wishes: readonly Wish[]) {
  return useQuery({
    queryKey: ["live", wishes],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const found = await Promise.all(wishes.map((wish) => newest(wish, signal)));
      const rows = new Map(found.flat().map((row) => [row.key, row]));
      const sorted = [...rows.values()].sort((a, b) => a.site.localeCompare(b.site) || a.sensor.localeCompare(b.sensor, undefined, { numeric: true }) || a.metric.localeCompare(b.metric));
      return { rows: sorted.slice(0, MOST_ROWS), hasMore: sorted.length > MOST_ROWS || found.some((some) => some.length >= MOST_ROWS) };
    },
  });
}

/** Names that are compared with one that fits nothing. */
const MOST_NAMES = 10_000;

/** The names of all series, as far as anybody would look through them. */
export function useNames() {
  return useQuery({
    queryKey: ["live", "names"],
    staleTime: 300_000,
    queryFn: async ({ signal }): Promise<readonly Named[]> => {
      const { data } = (await unwrap(api.GET("/v1/series", { params: { query: { limit: MOST_NAMES } }, signal }))) as { data: Newest[] };
      return data.map((one) => {
        const [site, sensor, metric] = [one.site_id ?? "", one.sensor_id ?? "", one.metric ?? ""];
        return { key: keyOf(site, sensor, metric), site, sensor, metric };
      });
    },
  });
}

/** The rows of a snapshot, and below them the series that were announced since. */
export function useRows(snapshot: readonly Row[] | undefined, wishes: readonly Wish[]): readonly Row[] {
  // Names are only ever added, so their number says whether there is a new one.
  const announced = useSyncExternalStore(
    (changed) => board.hear(null, changed),
    () => board.names.size,
  );
  return useMemo(() => {
    if (snapshot === undefined || snapshot.length >= MOST_ROWS) return snapshot ?? [];
    const known = new Set(snapshot.map((row) => row.key));
    const fresh: Row[] = [];
    for (const [key, name] of board.names) {
      const one = { site: name.site_id, sensor: name.sensor_id, metric: name.metric };
      if (!known.has(key) && isWanted(wishes, one)) fresh.push({ key, ...one, unit: name.unit, ts: null, value: null });
    }
    return fresh.length ? [...snapshot, ...fresh].slice(0, MOST_ROWS) : snapshot;
  }, [snapshot, wishes, announced]);
}
