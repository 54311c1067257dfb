/** What the screen of a site asks the platform. */
import type { operations } from "@schema";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { every } from "../../api/every";
import type { Span } from "../../time";
import { flowWindow } from "./flowWindow";

export type FlowAnswer = operations["siteFlow"]["responses"][200]["content"]["application/json"];

/** Mean power per window as columns of equal length, W; positive feeds the site. `ts` in epoch ms. */
export interface FlowSeries {
  readonly columns: Readonly<Record<FlowColumn, readonly (number | null)[]>> & { readonly ts: readonly number[]; readonly derived: readonly (string | null)[] };
  readonly as_of: number;
}
export type FlowColumn = "pv_w" | "grid_w" | "battery_w" | "ev_w" | "load_w" | "unmetered_w";

const FLOW_MS = 5_000;
const SERIES_MS = 60_000;
const PLACES_MS = 60_000;
/** Buildings whose rooms are asked for. */
export const MOST_BUILDINGS = 20;

/** Who feeds whom now, every five seconds. */
export function useFlow(site: string) {
  return useQuery({
    queryKey: ["flow", site],
    queryFn: ({ signal }) => unwrap(api.GET("/v1/sites/{site}/flow", { params: { path: { site } }, signal })),
    refetchInterval: every(FLOW_MS),
  });
}

export function useFlowSeries(site: string, { from, to }: Span, zone: string, live: boolean) {
  const { text: window } = flowWindow({ from, to });
  return useQuery({
    queryKey: ["flow series", site, from, to, zone],
    queryFn: async ({ signal }) =>
      (await unwrap(
        api.GET("/v1/sites/{site}/flow/series", {
          params: { path: { site }, query: { from: String(from), to: String(to), window, zone } },
          headers: { accept: "application/vnd.penstock.columns+json" },
          signal,
        }),
      )) as unknown as FlowSeries,
    refetchInterval: every(live && SERIES_MS),
    placeholderData: keepPreviousData,
  });
}

export interface Place {
  readonly id: string;
  readonly name: string;
}

export interface Building extends Place {
  /** Undefined until they have come. */
  readonly rooms: readonly Place[] | undefined;
}

/** The buildings of a site and the rooms of the first of them. */
export function useBuildings(site: string) {
  const buildings = useQuery({ queryKey: ["buildings", site], queryFn: ({ signal }) => records("buildings", { site }, signal), staleTime: PLACES_MS });
  const rooms = useQueries({
    queries: (buildings.data ?? []).slice(0, MOST_BUILDINGS).map(({ id }) => ({
      queryKey: ["rooms", id],
      queryFn: ({ signal }: { signal: AbortSignal }) => records("rooms", { building: id }, signal),
      staleTime: PLACES_MS,
    })),
  });
  return { buildings, rooms: rooms.map((one) => one.data) };
}

const PAGE = 500;

async function records(kind: "buildings" | "rooms", where: { site?: string; building?: string }, signal: AbortSignal): Promise<Place[]> {
  const answer = (await unwrap(api.GET("/v1/catalog/{kind}", { params: { path: { kind }, query: { ...where, limit: PAGE } }, signal }))) as unknown as {
    data: { id: string; name?: string | null }[];
  };
  return answer.data.map(({ id, name }) => ({ id, name: name || id }));
}
