/** When a number of a battery is worth a look; the platform's list of what is worst goes by the same bounds. */
import type { Zone } from "../../charts";

export const LOW_CHARGE = 0.05;
export const LOW_HEALTH = 0.8;
/** Of cells, in K: 45 °C. */
export const HOT = 318.15;
/** In K: 60 °C, where the cells of most chemistries begin to take harm. */
export const TOO_HOT = 333.15;

export type Concern = "warn" | "bad" | undefined;

export const ofCharge = (soc: number | null | undefined): Concern => (soc != null && soc < LOW_CHARGE ? "warn" : undefined);
export const ofHealth = (soh: number | null | undefined): Concern => (soh != null && soh < LOW_HEALTH ? "warn" : undefined);
export const ofHeat = (kelvin: number | null | undefined): Concern => (kelvin == null || kelvin < HOT ? undefined : kelvin < TOO_HOT ? "warn" : "bad");
export const ofState = (state: string | null | undefined): Concern => (state === "bad" || state === "silent" ? "bad" : state === "ok" ? undefined : "warn");

/** The stretches of a scale of charge, health or temperature (in whatever unit `convert` makes of K) that are of concern. */
export const chargeZones: readonly Zone[] = [{ from: 0, to: LOW_CHARGE * 100, tone: "warn" }];
export const healthZones: readonly Zone[] = [{ from: 0, to: LOW_HEALTH * 100, tone: "warn" }];
export const heatZones = (convert: (kelvin: number) => number, to: number): readonly Zone[] => [
  { from: convert(HOT), to: convert(TOO_HOT), tone: "warn" },
  { from: convert(TOO_HOT), to, tone: "bad" },
];
