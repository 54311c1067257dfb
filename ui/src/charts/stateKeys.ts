/** The strings of the states of tiles. */

import type { Key } from "../i18n";
import type { TileState } from "./tiles";

export const STATE_KEYS = {
  bad: "charts.stateBad",
  warn: "charts.stateWarn",
  stale: "charts.stateStale",
  unknown: "charts.stateUnknown",
  normal: "charts.stateNormal",
} as const satisfies Record<TileState, Key>;
