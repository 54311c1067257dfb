import { useMemo } from "react";
import { useBuilding, useRooms, type Room } from "../../api/places";
import type { PanelQuery } from "../../states";
import { useMeasured, type Measured } from "./data";

export interface RoomOf {
  id: string;
  label: string;
  floor: string;
}

export interface BuildingOf {
  /** The building's name, or its id where it has none. */
  name: string;
  site: string | undefined;
  rooms: readonly RoomOf[];
  /** What is measured in its rooms. */
  measured: readonly Measured[];
}

/** The building with its rooms: those of the catalog and those that only readings name. Fails and waits as its questions do. */
export function useBuildingOf(id: string): PanelQuery<BuildingOf> {
  const building = useBuilding(id);
  const rooms = useRooms(id);
  const measured = useMeasured(id);
  const data = useMemo(() => {
    if (building.data === undefined || rooms.data === undefined || measured.data === undefined) return undefined;
    const inRooms = measured.data.filter((one) => one.room !== "");
    const site = building.data?.site ?? measured.data[0]?.site;
    return { name: building.data?.name || id, site, rooms: allRooms(rooms.data, inRooms), measured: inRooms };
  }, [id, building.data, rooms.data, measured.data]);
  const all = [building, rooms, measured];
  return {
    data,
    error: all.find((one) => one.error !== null)?.error ?? null,
    isFetching: all.some((one) => one.isFetching),
    dataUpdatedAt: Math.min(...all.map((one) => one.dataUpdatedAt)),
    refetch: () => Promise.all(all.map((one) => one.refetch())),
  };
}

/** The rooms of the catalog and those that only readings name, by floor and name. */
export function allRooms(known: readonly Room[], measured: readonly { room: string }[]): RoomOf[] {
  const rooms = new Map(known.map((room) => [room.id, { id: room.id, label: room.name || room.id, floor: room.floor }]));
  for (const { room } of measured) if (!rooms.has(room)) rooms.set(room, { id: room, label: room, floor: "" });
  const order = new Intl.Collator("en", { numeric: true });
  return [...rooms.values()].sort((a, b) => order.compare(a.floor, b.floor) || order.compare(a.label, b.label));
}
