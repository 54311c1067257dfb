import { fmt } from "../i18n";
import { useSettings, type Degrees } from "./settings";

/** A temperature in K, in the unit of the reader. */
export function inDegrees(kelvin: number, degrees: Degrees): number {
  if (degrees === "K") return kelvin;
  const celsius = kelvin - 273.15;
  return degrees === "degC" ? celsius : celsius * 1.8 + 32;
}

/** The unit that this reader wants of values in `unit`: K becomes what they chose, all else stays. */
export function unitFor(unit: string | null, degrees: Degrees): string | null {
  return unit === "K" ? degrees : unit;
}

/** Values in the reader's units: temperatures come in K. */
export function useDegrees(): {
  degrees: Degrees;
  /** A value in the reader's unit. */
  convert: (value: number, unit: string | null) => number;
  /** A value as text, with the unit. */
  write: (value: number | null | undefined, unit: string | null, digits?: number) => string;
} {
  const { degrees } = useSettings();
  const convert = (value: number, unit: string | null) => (unit === "K" ? inDegrees(value, degrees) : value);
  return {
    degrees,
    convert,
    write: (value, unit, digits) => {
      const shown = value == null ? value : convert(value, unit);
      return unit === "K" ? fmt.fixed(shown, unitFor(unit, degrees), digits ?? 1) : fmt.number(shown, unitFor(unit, degrees), digits);
    },
  };
}
