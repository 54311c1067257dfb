/** What the platform says of the rooms of a building, and of what is measured in them. */
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { every } from "../../api/every";

/** One thing that is measured; times in epoch ms. */
export interface Measured {
  site: string;
  sensor: string;
  metric: string;
  unit: string | null;
  room: string;
  last: number | undefined;
}

/** The newest reading of a series. */
export interface Newest {
  sensor: string;
  metric: string;
  value: number | null;
  unit: string | null;
  ts: number;
}

/** How a sensor, or the equipment that it belongs to, is. */
export interface Health {
  state: string;
  reason: string;
  intervalMs: number | undefined;
}

const LIMIT = 10_000;
const KEPT_MS = 60_000;
const NEWEST_MS = 10_000;
const HEALTH_MS = 30_000;

const at = (text: string | null | undefined): number | undefined => (text == null ? undefined : Date.parse(text));

/** What is measured in a building, or in one of its rooms. */
export function useMeasured(building: string, room?: string) {
  return useQuery({
    queryKey: ["measured", building, room],
    queryFn: async ({ signal }): Promise<Measured[]> => {
      const query = { building, limit: LIMIT, ...(room === undefined ? {} : { room }) };
      const { data } = (await unwrap(api.GET("/v1/series", { params: { query }, signal }))) as {
        data: { site_id: string; sensor_id: string; metric: string; unit: string | null; room: string | null; last_ts: string | null }[];
      };
      return data.map((one) => ({ site: one.site_id, sensor: one.sensor_id, metric: one.metric, unit: one.unit, room: one.room ?? "", last: at(one.last_ts) }));
    },
    staleTime: KEPT_MS,
  });
}

/** The newest readings in a building: of one metric, or in one room. */
export function useNewestIn(building: string, which: { metric?: string; room?: string }) {
  return useQuery({
    queryKey: ["newest", building, which],
    queryFn: async ({ signal }): Promise<Newest[]> => {
      const { data } = (await unwrap(api.GET("/v1/latest", { params: { query: { building, limit: LIMIT, ...which } }, signal }))) as {
        data: { sensor_id: string; metric: string; value: number | null; unit: string | null; ts: string }[];
      };
      return data.map((one) => ({ sensor: one.sensor_id, metric: one.metric, value: one.value, unit: one.unit, ts: Date.parse(one.ts) }));
    },
    refetchInterval: every(NEWEST_MS),
  });
}

/** How the assets of a site are that stand in a building, by their id. */
export function useHealthIn(site: string | undefined, building: string) {
  return useQuery({
    queryKey: ["health", site, building],
    queryFn: async ({ signal }): Promise<ReadonlyMap<string, Health & { room: string }>> => {
      const { data } = (await unwrap(api.GET("/v1/assets", { params: { query: { site: site!, limit: LIMIT } }, signal }))) as {
        data: { id: string; building: string | null; room: string | null; state: string; reason: string | null; interval_ms: number | null }[];
      };
      const here = data.filter((one) => one.building === building);
      return new Map(here.map((one) => [one.id, { state: one.state, reason: one.reason ?? "", intervalMs: one.interval_ms ?? undefined, room: one.room ?? "" }]));
    },
    enabled: site !== undefined,
    refetchInterval: every(HEALTH_MS),
  });
}
