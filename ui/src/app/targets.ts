/** What the palette can go to: screens and actions at once, places and sensors by asking. */
import { api, unwrap } from "../api/client";
import { t } from "../i18n";
import type { Params } from "./Go";
import { SCREENS } from "./screens";
import { change, currentSettings } from "./settings";

export interface Target {
  id: string;
  label: string;
  kind: string;
  to: string;
  params?: Params;
  search?: Record<string, unknown>;
  run?: () => void;
}

const MOST = 4;

export function localTargets(): Target[] {
  const dark = currentSettings().theme === "dark";
  return [
    ...SCREENS.map((screen) => ({ id: screen.id, label: t(screen.label), kind: t("app.theScreen"), to: screen.path })),
    { id: "settings", label: t("app.settings"), kind: t("app.theScreen"), to: "/settings" },
    {
      id: "theme",
      label: `${t("app.theme")}: ${t(dark ? "app.themeLight" : "app.themeDark")}`,
      kind: t("app.theAction"),
      to: "/",
      run: () => change({ theme: dark ? "light" : "dark" }),
    },
  ];
}

/** Those whose name has every word of `text` in it; all of them for an empty text. */
export function matching(targets: readonly Target[], text: string): Target[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return targets.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
}

interface Named {
  id?: string | null;
  name?: string | null;
  building?: string | null;
}

const named = (record: Named): string => (record.name && record.name !== record.id ? `${record.name} (${record.id})` : String(record.id));

/** Sites, buildings, rooms and sensors that have `text` in their name. Throws `Problem`. */
export async function findPlaces(text: string, signal: AbortSignal): Promise<Target[]> {
  const records = (kind: "sites" | "buildings" | "rooms") =>
    unwrap(api.GET("/v1/catalog/{kind}", { params: { path: { kind }, query: { limit: 500 } }, signal })) as Promise<{ data: Named[] }>;
  const series = unwrap(api.GET("/v1/series", { params: { query: { sensor: `*${text}*`, limit: 50 } }, signal })) as Promise<{
    data: { site_id: string; sensor_id: string; metric: string }[];
  }>;
  const [sites, buildings, rooms, sensors] = await Promise.all([records("sites"), records("buildings"), records("rooms"), series]);
  const has = (record: Named) => named(record).toLowerCase().includes(text.toLowerCase());
  const first = new Map(sensors.data.map((one) => [`${one.site_id}/${one.sensor_id}`, one]));
  return [
    ...sites.data.filter(has).slice(0, MOST).map((one) => ({ id: `site ${one.id}`, label: named(one), kind: t("app.theSite"), to: "/sites/$site", params: { site: String(one.id) } })),
    ...buildings.data
      .filter(has)
      .slice(0, MOST)
      .map((one) => ({ id: `building ${one.id}`, label: named(one), kind: t("app.theBuilding"), to: "/buildings/$building", params: { building: String(one.id) } })),
    ...rooms.data
      .filter(has)
      .slice(0, MOST)
      .map((one) => ({
        id: `room ${one.building}/${one.id}`,
        label: `${one.building} · ${named(one)}`,
        kind: t("app.theRoom"),
        to: "/buildings/$building/rooms/$room",
        params: { building: String(one.building), room: String(one.id) },
      })),
    ...[...first.values()].slice(0, MOST).map((one) =>
      one.metric === "soc" || sensors.data.some((other) => other.sensor_id === one.sensor_id && other.metric === "soc")
        ? { id: `battery ${one.site_id}/${one.sensor_id}`, label: one.sensor_id, kind: t("app.theBattery"), to: "/batteries/$battery", params: { battery: one.sensor_id } }
        : { id: `sensor ${one.site_id}/${one.sensor_id}`, label: `${one.site_id} · ${one.sensor_id}`, kind: t("app.theSensor"), to: "/explore", search: { sensor: one.sensor_id, site: one.site_id } },
    ),
  ];
}
