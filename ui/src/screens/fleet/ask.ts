/** What the screens of the fleet and of its sites ask the platform. */
import type { operations } from "@schema";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { every } from "../../api/every";

export type FleetAnswer = operations["fleet"]["responses"][200]["content"]["application/json"];
export type SiteRow = NonNullable<FleetAnswer["sites"]>[number];
export type WorstRow = NonNullable<FleetAnswer["worst"]>[number];

type AssetQuery = NonNullable<operations["listAssets"]["parameters"]["query"]>;

/** Which assets; what is left out does not narrow. */
export interface AssetFilter {
  readonly site?: string | undefined;
  readonly kind?: string | undefined;
  readonly state?: string | undefined;
  readonly text?: string | undefined;
}

/** Assets as columns of equal length, by site and id; `ts` in epoch ms. */
export interface AssetColumns {
  readonly id: readonly string[];
  readonly site_id: readonly string[];
  readonly name: readonly string[];
  readonly building: readonly string[];
  readonly room: readonly string[];
  readonly kind: readonly string[];
  readonly state: readonly string[];
  readonly reason: readonly string[];
  /** Of the headline value; null where there is none. */
  readonly metric: readonly (string | null)[];
  readonly value: readonly (number | null)[];
  readonly unit: readonly (string | null)[];
  readonly ts: readonly (number | null)[];
}

export interface AssetAnswer {
  readonly columns: AssetColumns;
  /** Of all pages; the columns hold the first `MOST_ASSETS`. */
  readonly total: number;
}

/** As many as the platform gives in one answer, and as a screen shows one by one. */
export const MOST_ASSETS = 10_000;
/** Events of a criticality above this are counted. */
export const EVENTS_ABOVE = 7;

const FLEET_MS = 5_000;
const ASSETS_MS = 15_000;

/** The state of everything, every five seconds. The day of the events begins in `zone`. */
export function useFleet(zone: string) {
  return useQuery({
    queryKey: ["fleet", zone],
    queryFn: ({ signal }) => unwrap(api.GET("/v1/fleet", { params: { query: { criticality_gt: EVENTS_ABOVE, zone } }, signal })),
    refetchInterval: every(FLEET_MS),
    placeholderData: keepPreviousData,
  });
}

/** The first ten thousand assets that fit the filter. What was there stays while another filter is asked. */
export function useAssets(filter: AssetFilter) {
  return useQuery({
    queryKey: ["assets", filter],
    queryFn: async ({ signal }): Promise<AssetAnswer> => {
      const query = Object.fromEntries(Object.entries({ ...filter, limit: MOST_ASSETS }).filter(([, value]) => value !== undefined && value !== ""));
      const answer = (await unwrap(
        api.GET("/v1/assets", { params: { query: query as AssetQuery }, headers: { accept: "application/vnd.penstock.columns+json" }, signal }),
      )) as unknown as { columns: AssetColumns; meta: { total: number } };
      return { columns: answer.columns, total: answer.meta.total };
    },
    refetchInterval: every(ASSETS_MS),
    placeholderData: keepPreviousData,
  });
}
