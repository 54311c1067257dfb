/** The unit of an axis: one prefix for all its ticks. */

import { fmt } from "../i18n";

/** SI prefixes, each a thousand times the one before. */
const PREFIXES = ["", "k", "M", "G", "T"];

export interface AxisUnit {
  /** What values are divided by. */
  factor: number;
  /** As it is written, with its prefix. */
  unit: string;
}

/** The unit that a number as large as `magnitude` is written in anywhere else: 4,200 W are 4.2 kW, so the axis is in kW. */
export function axisUnit(magnitude: number, code: string | null): AxisUnit {
  const plain = fmt.unit(code);
  const written = fmt.number(magnitude, code).split("\u202f")[1] ?? "";
  const power = written.endsWith(plain) ? PREFIXES.indexOf(written.slice(0, written.length - plain.length)) : 0;
  return power > 0 ? { factor: 1000 ** power, unit: written } : { factor: 1, unit: plain };
}
