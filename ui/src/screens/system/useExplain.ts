/** Why a reading is what it is, and what helps to ask for one. */
import { useQuery } from "@tanstack/react-query";
import { api, unwrap, type JsonOf } from "../../api/client";
import type { LoadOptions } from "../../forms";

/** Which reading. Empty texts where nothing was said yet. */
export interface Which {
  readonly sensor: string;
  readonly metric: string;
  readonly site: string;
  /** RFC 3339 or epoch ms. */
  readonly ts: string;
}

export type Explained = JsonOf<"/v1/explain">;

export function useExplain({ sensor, metric, site, ts }: Which) {
  const query = { sensor_id: sensor, metric, ts, ...(site ? { site_id: site } : {}) };
  return useQuery({
    queryKey: ["explain", query],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/v1/explain", { params: { query }, signal }))) as Explained,
    enabled: sensor !== "" && metric !== "" && ts !== "",
    retry: false,
  });
}

const FEW = 20;

type SeriesPage = JsonOf<"/v1/series">;

async function series(query: { sensor?: string; site?: string; limit: number }, signal: AbortSignal): Promise<SeriesPage["data"]> {
  return ((await unwrap(api.GET("/v1/series", { params: { query }, signal }))) as SeriesPage).data;
}

/** Sensors whose name holds what was typed. */
export const sensorOptions: LoadOptions = async (text, signal) => {
  const found = await series({ ...(text ? { sensor: `*${text}*` } : {}), limit: 10 * FEW }, signal);
  const sites = new Map(found.map((one) => [one.sensor_id ?? "", one.site_id ?? ""] as const));
  return [...sites].slice(0, FEW).map(([sensor, site]) => ({ value: sensor, label: sensor, detail: site }));
};

/** Metrics of a sensor. */
export function metricOptions(sensor: string): LoadOptions {
  return async (text, signal) => {
    const found = await series({ ...(sensor ? { sensor } : {}), limit: 10 * FEW }, signal);
    const metrics = [...new Set(found.map((one) => one.metric ?? ""))];
    return metrics.filter((metric) => metric.includes(text)).map((metric) => ({ value: metric, label: metric }));
  };
}

/** The instant of the newest reading of a series; undefined when there is none. Throws `Problem`. */
export async function newestOf({ sensor, metric, site }: Which): Promise<string | undefined> {
  const query = { sensor, metric, limit: 1, ...(site ? { site } : {}) };
  const page = (await unwrap(api.GET("/v1/latest", { params: { query } }))) as JsonOf<"/v1/latest">;
  return page.data[0]?.ts ?? undefined;
}
