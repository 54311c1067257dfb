/** What is measured where: the choices of the builder, and what a question will read. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, unwrap } from "../../api/client";
import { KEYS, type Ask, type AskRow } from "./ask";
import { readBy, valueOf } from "./cost";

export interface Series {
  readonly site: string;
  readonly sensor: string;
  readonly metric: string;
  readonly unit: string;
  readonly building: string;
  readonly room: string;
  readonly equipment: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** More choices than these help nobody; names can be typed, too. */
export const MOST_SERIES = 10_000;

type Said = Partial<Record<"site_id" | "sensor_id" | "metric" | "unit" | "building" | "room" | "equipment", string | null>> & { tags?: Record<string, string> | null };

export function useSeries() {
  return useQuery({
    queryKey: ["explore", "series"],
    staleTime: 300_000,
    queryFn: async ({ signal }): Promise<Series[]> => {
      const { data } = (await unwrap(api.GET("/v1/series", { params: { query: { limit: MOST_SERIES } }, signal }))) as { data: Said[] };
      return data.map((one) => ({
        site: one.site_id ?? "",
        sensor: one.sensor_id ?? "",
        metric: one.metric ?? "",
        unit: one.unit ?? "",
        building: one.building ?? "",
        room: one.room ?? "",
        equipment: one.equipment ?? "",
        tags: one.tags ?? {},
      }));
    },
  });
}

export interface Facets {
  /** Metrics with how many series there are of each. */
  readonly metrics: readonly { name: string; count: number }[];
  /** Keys by which something can be told apart. */
  readonly keys: readonly string[];
  /** The unit of a metric that has only one. */
  readonly unitOf: (metric: string) => string | null;
  /** Values of a key among the series that the rest of the row reads. */
  readonly values: (row: AskRow, key: string) => readonly { name: string; count: number }[];
}

export function useFacets(series: readonly Series[]): Facets {
  return useMemo(() => {
    const units = new Map<string, Set<string>>();
    for (const one of series) units.set(one.metric, (units.get(one.metric) ?? new Set()).add(one.unit));
    const tags = new Set(series.flatMap((one) => Object.keys(one.tags).map((name) => `tag:${name}`)));
    return {
      metrics: counted(series.map((one) => one.metric)),
      keys: [...KEYS.filter((key) => series.some((one) => valueOf(one, key) !== "")), ...[...tags].sort()],
      unitOf: (metric) => {
        const own = units.get(metric);
        return own?.size === 1 ? ([...own][0] ?? null) : null;
      },
      values: (row, key) => {
        const { [key]: _own, ...where } = row.where;
        return counted(readBy({ metric: row.metric || "*", where }, series).map((one) => valueOf(one, key)).filter(Boolean));
      },
    };
  }, [series]);
}

function counted(texts: readonly string[]): { name: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

const EMPTY: Pick<Ask, "math" | "window" | "fill"> = { math: [], window: "auto", fill: "none" };
const MOST_OF_SENSOR = 4;

/** A question worth asking first: temperatures by room where there are rooms, else the commonest metric by site. */
export function firstAsk(series: readonly Series[]): Ask {
  const placed = series.filter((one) => one.room !== "" && one.building !== "");
  const metric = placed.some((one) => one.metric === "temperature") ? "temperature" : placed[0]?.metric;
  const building = placed.find((one) => one.metric === metric)?.building;
  if (metric !== undefined && building !== undefined) return { ...EMPTY, window: "15m", rows: [{ name: "a", metric, fn: "mean", where: { building }, by: ["room"] }] };
  const commonest = counted(series.map((one) => one.metric)).sort((a, b) => b.count - a.count)[0]?.name ?? "";
  return { ...EMPTY, rows: [{ name: "a", metric: commonest, fn: "mean", where: {}, by: ["site"] }] };
}

/** What a link to a sensor asks: each of its metrics. */
export function askOfSensor(series: readonly Series[], sensor: string, site: string | undefined): Ask {
  const where = { ...(site === undefined ? {} : { site }), sensor };
  const metrics = counted(readBy({ metric: "*", where }, series).map((one) => one.metric)).slice(0, MOST_OF_SENSOR);
  const rows = metrics.map(({ name }, i) => ({ name: "abcd"[i] ?? "a", metric: name, fn: "mean" as const, where, by: [] }));
  return { ...EMPTY, rows: rows.length ? rows : [{ name: "a", metric: "", fn: "mean", where, by: [] }] };
}
