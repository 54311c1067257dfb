import { useMemo } from "react";
import { useBuilding, useRooms, type Room } from "../../api/places";
import type { PanelQuery } from "../../states";
import { useHealthIn, useMeasured, useNewestIn, type Measured } from "../building/data";

/** One thing that is measured in the room, with its newest value. */
export interface Sensor extends Measured {
  /** In `unit`. */
  value: number | null;
  ts: number | undefined;
  intervalMs: number | undefined;
  state: string;
  reason: string;
}

export interface RoomOf {
  /** Null where the catalog does not know the room. */
  room: Room | null;
  buildingName: string;
  site: string | undefined;
  sensors: readonly Sensor[];
}

/** The room with all that is measured in it. Fails and waits as its questions do. */
export function useRoomOf(building: string, room: string): PanelQuery<RoomOf> {
  const house = useBuilding(building);
  const rooms = useRooms(building);
  const measured = useMeasured(building, room);
  const newest = useNewestIn(building, { room });
  const site = house.data?.site ?? measured.data?.[0]?.site;
  const health = useHealthIn(site, building);
  const data = useMemo(() => {
    if (house.data === undefined || rooms.data === undefined || measured.data === undefined) return undefined;
    const last = new Map((newest.data ?? []).map((one) => [`${one.sensor} ${one.metric}`, one]));
    const sensors = measured.data.map((one) => {
      const now = last.get(`${one.sensor} ${one.metric}`);
      const asset = health.data?.get(one.sensor);
      return { ...one, value: now?.value ?? null, ts: now?.ts ?? one.last, intervalMs: asset?.intervalMs, state: asset?.state ?? "ok", reason: asset?.reason ?? "" };
    });
    return { room: rooms.data.find((one) => one.id === room) ?? null, buildingName: house.data?.name || building, site, sensors };
  }, [building, room, site, house.data, rooms.data, measured.data, newest.data, health.data]);
  const all = [house, rooms, measured, newest];
  return {
    data,
    error: all.find((one) => one.error !== null)?.error ?? null,
    isFetching: [house, rooms, measured].some((one) => one.isFetching),
    dataUpdatedAt: newest.dataUpdatedAt || measured.dataUpdatedAt,
    refetch: () => Promise.all([...all, health].map((one) => one.refetch())),
  };
}
