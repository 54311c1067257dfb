import type { Battery } from "./data";

export interface Totals {
  count: number;
  charging: number;
  discharging: number;
  /** Silent, late, never heard of, or physically impossible. */
  attention: number;
  /** Mean state of charge, null where none is known. */
  soc: number | null;
  /** W; positive is taken. Null where none is known. */
  power: number | null;
}

/** Below this C-rate a battery rests: measured currents are never quite 0. */
const RESTS = 0.005;

export function totalsOf(batteries: readonly Battery[]): Totals {
  const known = (name: "soc" | "power_w") => batteries.map((one) => one[name]).filter((value) => value != null);
  const socs = known("soc");
  const powers = known("power_w");
  const flow = (one: Battery) => one.c_rate ?? one.current_a ?? 0;
  return {
    count: batteries.length,
    charging: batteries.filter((one) => flow(one) > RESTS).length,
    discharging: batteries.filter((one) => flow(one) < -RESTS).length,
    attention: batteries.filter((one) => one.state !== "ok").length,
    soc: socs.length ? socs.reduce((sum, value) => sum + value, 0) / socs.length : null,
    power: powers.length ? powers.reduce((sum, value) => sum + value, 0) : null,
  };
}
