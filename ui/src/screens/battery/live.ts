import { useMemo } from "react";
import { keyOf, part, useLatest, useLive } from "../../live";
import type { Health } from "../batteries/data";

export type Series = NonNullable<Health["series"]>[number];

export interface Newest {
  value: number | null;
  /** Epoch ms; undefined where nothing ever came. */
  ts: number | undefined;
  intervalMs: number;
}

/** What comes now of the battery's own sensors; read it with `useNewest`. */
export function useLiveOf(site: string | undefined, series: readonly Series[]): void {
  const patterns = useMemo(() => [...new Set(series.map((one) => `${part(site ?? "")}/${part(one.sensor_id ?? "")}/*`))], [site, series]);
  useLive(site === undefined ? [] : patterns);
}

/** The newest value of a metric, be it from the answer or from the socket; undefined where the battery does not measure it. */
export function useNewest(site: string | undefined, series: readonly Series[], metric: string): Newest | undefined {
  const one = series.find((each) => each.metric === metric);
  const latest = useLatest(keyOf(site ?? "", one?.sensor_id ?? "", metric));
  if (one === undefined) return undefined;
  const ts = one.ts == null ? undefined : Date.parse(one.ts);
  const isNewer = latest !== undefined && latest.ts > (ts ?? 0) && latest.unit === one.unit;
  return { value: isNewer ? latest.value : (one.value ?? null), ts: isNewer ? latest.ts : ts, intervalMs: one.interval_ms ?? 0 };
}
