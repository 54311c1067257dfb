/** What has come of the sensors whose id begins with a text: over the live connection, or found in the store. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";
import { api, unwrap } from "../../api/client";
import { every } from "../../api/every";
import { board, keyOf, part, useBoardVersion, useLive } from "../../live";
import { sourceOf } from "./snippets";

export interface Arrived {
  readonly key: string;
  readonly site: string;
  readonly sensor: string;
  readonly metric: string;
  readonly unit: string;
  /** Epoch ms. */
  readonly ts: number;
  readonly value: number | null;
}

const ASK_MS = 2_000;

interface LatestRow {
  readonly site_id: string;
  readonly sensor_id: string;
  readonly metric: string;
  readonly unit: string;
  readonly ts: string;
  readonly value: number | null;
}

interface Latest {
  readonly data: readonly LatestRow[];
}

interface Ledger {
  readonly data: readonly { readonly source: string; readonly rejected: number }[];
}

interface Explained {
  readonly found: boolean;
  readonly conversions?: readonly Conversion[] | null;
  readonly versions?: readonly { readonly wins: boolean; readonly receipt: string | null }[] | null;
}

interface Fate {
  readonly rejected: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** Series that have a reading, the newest first. A reading that was old when it was sent is not live, so the store is asked too. */
export function useArrived(sensor: string): readonly Arrived[] {
  const version = useBoardVersion();
  useLive([`*/${part(sensor)}*/*`]);
  const stored = useQuery({
    queryKey: ["add", "latest", sensor],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/v1/latest", { params: { query: { sensor: `${sensor}*`, limit: 50 } }, signal }))) as Latest,
    refetchInterval: every(ASK_MS),
  });
  return useMemo(() => {
    const found = new Map<string, Arrived>();
    for (const row of stored.data?.data ?? []) {
      const key = keyOf(row.site_id, row.sensor_id, row.metric);
      found.set(key, { key, site: row.site_id, sensor: row.sensor_id, metric: row.metric, unit: row.unit, ts: Date.parse(row.ts), value: row.value });
    }
    for (const [key, name] of board.names) {
      const reading = board.reading(key);
      if (!reading || !name.sensor_id.startsWith(sensor) || reading.ts < (found.get(key)?.ts ?? 0)) continue;
      found.set(key, { key, site: name.site_id, sensor: name.sensor_id, metric: name.metric, unit: name.unit, ts: reading.ts, value: reading.value });
    }
    return [...found.values()].sort((a, b) => b.ts - a.ts || a.key.localeCompare(b.key));
    // `version` says that the board has news.
  }, [stored.data, sensor, version]);
}

export interface Conversion {
  readonly sent_metric: string;
  readonly sent_unit: string;
  readonly sent_value: number;
}

export interface Understanding {
  readonly found: boolean;
  readonly conversions: readonly Conversion[];
  /** Rows of the same request that were refused, and why: code and number. */
  readonly refused: number;
  readonly reasons: readonly (readonly [string, number])[];
}

/** How a reading was understood, and what else its request held: unit, conversion, refused rows by reason. */
export function useUnderstood(one: Arrived | undefined) {
  // The first reading of a series tells it; asking for each that follows would only repeat it.
  const first = useRef<Arrived | undefined>(undefined);
  if (first.current?.key !== one?.key) first.current = one;
  const of = first.current;
  return useQuery<Understanding>({
    queryKey: ["add", "understood", of?.key, of?.ts],
    enabled: of !== undefined,
    // A live reading is shown before it is stored.
    refetchInterval: (query) => every(query.state.data?.found ? false : ASK_MS)(query),
    queryFn: async ({ signal }): Promise<Understanding> => {
      const { site = "", sensor = "", metric = "", ts = 0 } = of ?? {};
      const told = (await unwrap(api.GET("/v1/explain", { params: { query: { site_id: site, sensor_id: sensor, metric, ts: String(ts) } }, signal }))) as Explained;
      const receipt = told.versions?.find(({ wins }) => wins)?.receipt;
      const fate = receipt ? ((await unwrap(api.GET("/v1/receipts/{receipt}", { params: { path: { receipt } }, signal }))) as Fate) : undefined;
      return { found: told.found, conversions: told.conversions ?? [], refused: fate?.rejected ?? 0, reasons: Object.entries(fate?.reasons ?? {}) };
    },
  });
}

/** Rows that were refused since the screen was opened, of what the snippets send. */
export function useRefused(sensor: string): number {
  const source = sourceOf(sensor);
  const before = useRef<{ source: string; rejected: number } | undefined>(undefined);
  const { data } = useQuery({
    queryKey: ["add", "ledger"],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/v1/system/ledger", { signal }))) as Ledger,
    refetchInterval: every(ASK_MS),
  });
  if (!data) return 0;
  const rejected = data.data.find((row) => row.source === source)?.rejected ?? 0;
  if (before.current?.source !== source) before.current = { source, rejected };
  return rejected - before.current.rejected;
}
