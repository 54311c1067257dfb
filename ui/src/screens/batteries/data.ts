/** What the platform says of batteries. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { paths } from "@schema";
import { api, unwrap } from "../../api/client";
import { every } from "../../api/every";

type Answer<P extends keyof paths> = paths[P] extends { get: { responses: { 200: { content: { "application/json": infer A } } } } } ? A : never;

type Page = Answer<"/v1/batteries">;
/** One battery with what it said last; shares (soc, soh) of 1, temperature in K. */
export type Battery = Page["data"][number];
export type Health = Answer<"/v1/batteries/{battery}">;

/** Of one answer, which is all that the platform gives at once. */
const PAGE = 10_000;
const LIST_MS = 30_000;
const HEALTH_MS = 15_000;

/** All batteries, the emptiest first, in pages. */
export function useBatteries() {
  return useInfiniteQuery({
    queryKey: ["batteries"],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }): Promise<Page> =>
      unwrap(api.GET("/v1/batteries", { params: { query: { sort: "soc", limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) } }, signal })) as Promise<Page>,
    getNextPageParam: (page) => page.next_cursor,
    select: ({ pages }) => pages.flatMap((page) => page.data),
    refetchInterval: every(LIST_MS),
  });
}

/** One battery and what it did in [from, to) (epoch ms). `site` tells batteries of one name apart. */
export function useHealth(battery: string, site: string | undefined, { from, to }: { from: number; to: number }) {
  return useQuery({
    queryKey: ["battery", battery, site, from, to],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/v1/batteries/{battery}", { params: { path: { battery }, query: { from: String(from), to: String(to), ...(site === undefined ? {} : { site }) } }, signal })),
    placeholderData: (before) => (before?.battery?.id === battery ? before : undefined),
    refetchInterval: every(HEALTH_MS),
  });
}
