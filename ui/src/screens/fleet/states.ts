/** The states of assets: their words, in the order in which they are told. */
import type { Key } from "../../i18n";

export const STATE_WORDS = {
  bad: "fleet.stateBad",
  silent: "fleet.stateSilent",
  late: "fleet.stateLate",
  unknown: "fleet.stateUnknown",
  ok: "fleet.stateOk",
} as const satisfies Record<string, Key>;

export type AssetState = keyof typeof STATE_WORDS;
export const ASSET_STATES = Object.keys(STATE_WORDS) as AssetState[];

export const KIND_WORDS = {
  battery: "fleet.kindBattery",
  pv: "fleet.kindPv",
  ev: "fleet.kindEv",
  meter: "fleet.kindMeter",
  room: "fleet.kindRoom",
  equipment: "fleet.kindEquipment",
  sensor: "fleet.kindSensor",
} as const satisfies Record<string, Key>;

export type AssetKind = keyof typeof KIND_WORDS;
export const ASSET_KINDS = Object.keys(KIND_WORDS) as AssetKind[];

/** How many assets are in each state. */
export type StateCounts = Readonly<Partial<Record<AssetState, number | null>>>;

/** The states that hold for any, worst first, without those that are as they should be. */
export function abnormal(counts: StateCounts): [AssetState, number][] {
  return ASSET_STATES.filter((state) => state !== "ok")
    .map((state): [AssetState, number] => [state, counts[state] ?? 0])
    .filter(([, count]) => count > 0);
}
