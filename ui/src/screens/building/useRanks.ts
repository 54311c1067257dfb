import { useMemo } from "react";
import { useAnswer } from "../../api/query";
import { useDegrees } from "../../app/degrees";
import type { PanelQuery } from "../../states";
import { useRange } from "../../time";
import { useHealthIn, useNewestIn } from "./data";
import { byRoom } from "./matrix";
import { rankQuestion } from "./questions";
import { median, outliers } from "./rank";
import type { BuildingOf, RoomOf } from "./useRoomsOf";

/** One room with what it has now and had over the range, in the reader's unit. */
export interface Rank extends RoomOf {
  now: number | null;
  /** Epoch ms. */
  ts: number | undefined;
  intervalMs: number | undefined;
  state: string;
  mean: number | null;
  least: number | null;
  greatest: number | null;
  /** Of the mean, from the median of all rooms. */
  deviation: number | null;
  isOutlier: boolean;
}

const REFETCH_MS = 60_000;

/** All rooms of a building with their numbers; those that were not measured have none. */
export function useRanks(building: string, of: PanelQuery<BuildingOf>, metric: string | undefined, unit: string | null): PanelQuery<Rank[]> {
  const { from, to, zone, live } = useRange();
  const { convert } = useDegrees();
  const question = useMemo(() => (metric === undefined ? null : rankQuestion({ building, metric, unit, from, to, zone })), [building, metric, unit, from, to, zone]);
  const answer = useAnswer(question, { refetchMs: live ? REFETCH_MS : false });
  const newest = useNewestIn(building, metric === undefined ? {} : { metric });
  const health = useHealthIn(of.data?.site, building);
  const data = useMemo(() => {
    if (of.data === undefined || (metric !== undefined && answer.data === undefined)) return undefined;
    const numbers = answer.data === undefined ? new Map<string, Record<string, number | null>>() : byRoom(answer.data);
    const roomOf = new Map(of.data.measured.map((one) => [`${one.sensor} ${one.metric}`, one.room]));
    const last = new Map<string, { value: number | null; ts: number; sensor: string }>();
    for (const one of newest.data ?? []) {
      const room = roomOf.get(`${one.sensor} ${one.metric}`);
      if (room === undefined || one.metric !== metric || (last.get(room)?.ts ?? 0) > one.ts) continue;
      last.set(room, { value: one.value === null ? null : convert(one.value, one.unit), ts: one.ts, sensor: one.sensor });
    }
    return rank(of.data.rooms, (room) => {
      const now = last.get(room.id);
      const asset = now === undefined ? undefined : health.data?.get(now.sensor);
      const values = numbers.get(room.id);
      return {
        now: now?.value ?? null,
        ts: now?.ts,
        intervalMs: asset?.intervalMs,
        state: asset?.state ?? (now === undefined ? "unknown" : "ok"),
        mean: values?.["mean"] ?? null,
        least: values?.["least"] ?? null,
        greatest: values?.["greatest"] ?? null,
      };
    });
  }, [of.data, metric, answer.data, newest.data, health.data, unit]);
  const failed = of.error ?? answer.error ?? newest.error;
  return {
    data,
    error: failed,
    isFetching: of.isFetching || answer.isFetching,
    dataUpdatedAt: answer.dataUpdatedAt,
    refetch: () => Promise.all([of.refetch(), answer.refetch(), newest.refetch(), health.refetch()]),
  };
}

type Numbers = Omit<Rank, keyof RoomOf | "deviation" | "isOutlier">;

function rank(rooms: readonly RoomOf[], numbersOf: (room: RoomOf) => Numbers): Rank[] {
  const rows = rooms.map((room) => ({ ...room, ...numbersOf(room) }));
  const means = rows.map((row) => row.mean).filter((mean) => mean !== null);
  const middle = median(means);
  const unusual = outliers(means);
  let place = 0;
  return rows.map((row) => (row.mean === null ? { ...row, deviation: null, isOutlier: false } : { ...row, deviation: row.mean - middle, isOutlier: unusual[place++]! }));
}
