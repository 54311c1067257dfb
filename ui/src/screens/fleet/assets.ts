/** One asset among the columns of an answer: how it is said, drawn and where it leads. */
import type { Params } from "../../app/Go";
import type { Tile, TileState } from "../../charts";
import { fmt } from "../../i18n";
import type { AssetColumns } from "./ask";

/** A value in its unit, in words: `useDegrees().write`. */
export type Write = (value: number, unit: string | null) => string;

const TILE_STATES: Readonly<Record<string, TileState>> = { ok: "normal", late: "warn", silent: "stale", bad: "bad" };

/** What the platform says about an asset as one of the states that charts draw. */
export function tileState(state: string): TileState {
  return TILE_STATES[state] ?? "unknown";
}

/** A headline value for people: shares as per cent. */
export function headline(value: number | null | undefined, unit: string | null | undefined, write: Write): string {
  if (value == null) return "";
  return unit === "1" ? fmt.percent(value) : write(value, unit ?? null);
}

/** Names an asset in the whole fleet; ids are its own only within a site. */
export function assetKey(site: string, id: string): string {
  return JSON.stringify([site, id]);
}

/**
 * A tile for each asset, grouped by site; its id is its place in the columns. `concerns` are reasons by `assetKey`: values that
 * somebody should look at, although the asset reports as it should.
 */
export function tilesOf(columns: AssetColumns, names: ReadonlyMap<string, string>, concerns: ReadonlyMap<string, string>, write: Write): Tile[] {
  return columns.id.map((id, i) => {
    const site = columns.site_id[i] ?? "";
    const value = columns.value[i] ?? null;
    const isShare = columns.unit[i] === "1";
    const state = tileState(columns.state[i] ?? "");
    const concern = concerns.get(assetKey(site, id));
    const reason = columns.reason[i] || concern;
    return {
      id: String(i),
      label: columns.name[i] || id,
      group: names.get(site) ?? site,
      state: state === "normal" && concern !== undefined ? "warn" : state,
      fill: isShare ? value : null,
      text: [headline(value, columns.unit[i], write), reason].filter(Boolean).join(", "),
    };
  });
}

/** Where somebody goes who opens an asset: its own screen, or that of its site. */
export function placeOf(asset: { id: string; site: string; kind: string; building?: string; room?: string }): { to: string; params: Params; search?: Record<string, string> } {
  if (asset.kind === "battery") return { to: "/batteries/$battery", params: { battery: asset.id }, search: { site: asset.site } };
  if (asset.building && asset.room) return { to: "/buildings/$building/rooms/$room", params: { building: asset.building, room: asset.room } };
  return { to: "/sites/$site", params: { site: asset.site } };
}
