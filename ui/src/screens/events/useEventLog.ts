/** The events of a range, or the newest ones, with what comes live. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api, unwrap, type JsonOf } from "../../api/client";
import { every } from "../../api/every";
import { useEvents } from "../../live";
import type { RangeState } from "../../time";
import { merged, rowOf, type EventRow } from "./rows";
import type { EventView } from "./useEventView";

/** Most events that are read at once. */
export const MOST = 5_000;

interface Question {
  readonly criticality_gt?: number;
  readonly limit: number;
  readonly from?: string;
  readonly to?: string;
}

/** Events, newest first; asked again every `refetchMs`. */
function useStored(question: Question | null, refetchMs: number | false) {
  return useQuery({
    queryKey: ["events", question],
    queryFn: async ({ signal }) => {
      const answer = (await unwrap(api.GET("/v1/events", { params: { query: question ?? {} }, signal }))) as JsonOf<"/v1/events">;
      return answer.data.map(rowOf);
    },
    enabled: question !== null,
    refetchInterval: every(refetchMs),
    placeholderData: (before) => before,
  });
}

export interface EventLog {
  /** The question that panels show the state of. */
  readonly state: ReturnType<typeof useStored>;
  /** All levels, newest first; where there are more than `MOST`, only the newest. */
  readonly all: readonly EventRow[];
  /** Those that may be above the view's criticality: complete although `all` is not. */
  readonly candidates: readonly EventRow[];
  /** Whether there are more events than were read, of all levels and above the criticality. */
  readonly isCut: boolean;
  readonly isCutAbove: boolean;
}

const LIVE_MS = 30_000;

/**
 * Reads all levels of the range, so that levels can be counted and the criticality be moved without asking again. Where
 * that is more than can be read, those above the criticality are asked for by themselves. `last` asks for the newest only.
 */
export function useEventLog(view: EventView, { from, to, live }: RangeState): EventLog {
  const { above, last } = view;
  const range = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  const follows = live || last !== null;
  const whole = useStored(last === null ? { limit: MOST, ...range } : { limit: last, criticality_gt: above }, follows ? LIVE_MS : false);
  const isCut = last === null && (whole.data?.length ?? 0) >= MOST;
  const grave = useStored(isCut ? { limit: MOST, criticality_gt: above, ...range } : null, follows ? LIVE_MS : false);

  const news = useEvents(above);
  const fresh = useMemo(
    () => (follows ? news.map(rowOf).filter((row) => row.criticality > above && (last !== null || row.ts >= from)) : []),
    [news, follows, above, last, from],
  );
  const all = useMemo(() => merged(whole.data ?? [], fresh).slice(0, last ?? Infinity), [whole.data, fresh, last]);
  const graveRows = useMemo(() => merged(grave.data ?? [], fresh), [grave.data, fresh]);
  const isCutAbove = isCut && (grave.data?.length ?? 0) >= MOST;
  return { state: whole, all, candidates: isCut && grave.data ? graveRows : all, isCut, isCutAbove };
}
