/** The ranges that one click chooses. */
import { NOW, printBound, type Bound, type Range, type Unit } from "./range";
import type { Snap } from "./zone";

function ago(count: number, unit: Unit, snap?: Snap): Bound {
  return snap === undefined ? { kind: "ago", count, unit } : { kind: "ago", count, unit, snap };
}

function last(count: number, unit: Unit): Range {
  return { from: ago(count, unit), to: NOW, live: true };
}

export const PRESETS = {
  m15: last(15, "m"),
  h1: last(1, "h"),
  h6: last(6, "h"),
  h24: last(24, "h"),
  d7: last(7, "d"),
  d30: last(30, "d"),
  today: { from: ago(0, "s", "d"), to: NOW, live: true },
  yesterday: { from: ago(1, "d", "d"), to: ago(0, "s", "d"), live: false },
  week: { from: ago(0, "s", "w"), to: NOW, live: true },
} as const satisfies Record<string, Range>;

export type PresetName = keyof typeof PRESETS;

export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** The preset that has these ends, whether it is followed live or not. */
export function presetOf(range: Range): PresetName | undefined {
  const [from, to] = [printBound(range.from), printBound(range.to)];
  return PRESET_NAMES.find((name) => printBound(PRESETS[name].from) === from && printBound(PRESETS[name].to) === to);
}
