import { useMemo } from "react";
import { keyOf, part, useLatest, useLive } from "../../live";
import type { Sensor } from "./useRoomOf";

/** What comes now from the room's sensors; read it with `useNow`. */
export function useLiveRoom(sensors: readonly Sensor[]): void {
  const patterns = JSON.stringify([...new Set(sensors.map((one) => `${part(one.site)}/${part(one.sensor)}/*`))]);
  useLive(useMemo(() => JSON.parse(patterns) as string[], [patterns]));
}

/** The newest value of a sensor (in its own unit) and when it was, be it from the answer or from the socket. */
export function useNow(sensor: Sensor): { value: number | null; ts: number | undefined } {
  const latest = useLatest(keyOf(sensor.site, sensor.sensor, sensor.metric));
  const isNewer = latest !== undefined && latest.ts > (sensor.ts ?? 0) && latest.unit === sensor.unit;
  return isNewer ? { value: latest.value, ts: latest.ts } : { value: sensor.value, ts: sensor.ts };
}
