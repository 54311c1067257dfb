/** Series by the sensor that measures them. */

/** A sensor that the catalog places nowhere, with what it measures. */
export interface Sensor {
  readonly site: string;
  readonly sensor: string;
  readonly metrics: readonly string[];
  /** What the sender says of its place. */
  readonly building: string;
  readonly room: string;
  /** The newest reading, epoch ms. */
  readonly last: number | null;
}

export interface Series {
  readonly site_id?: string | null;
  readonly sensor_id?: string | null;
  readonly metric?: string | null;
  readonly building?: string | null;
  readonly room?: string | null;
  readonly last_ts?: string | null;
}

/** Series by sensor: a sensor stands in one place with everything that it measures. */
export function sensorsOf(series: readonly Series[]): Sensor[] {
  const found = new Map<string, Sensor & { metrics: string[] }>();
  for (const one of series) {
    const [site, sensor] = [one.site_id ?? "", one.sensor_id ?? ""];
    const key = JSON.stringify([site, sensor]);
    const last = one.last_ts ? Date.parse(one.last_ts) : null;
    const known = found.get(key);
    if (!known) found.set(key, { site, sensor, metrics: [one.metric ?? ""], building: one.building ?? "", room: one.room ?? "", last });
    else found.set(key, { ...known, metrics: [...known.metrics, one.metric ?? ""], last: Math.max(known.last ?? 0, last ?? 0) || null });
  }
  return [...found.values()];
}

export const sensorKey = (one: Pick<Sensor, "site" | "sensor">): string => JSON.stringify([one.site, one.sensor]);
