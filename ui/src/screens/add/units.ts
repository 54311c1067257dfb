/** Which metric and unit a name stands for, as a guess that whoever sends can change. */

/** Units that the platform converts, by what people write. */
const WRITTEN: Readonly<Record<string, string>> = {
  "°c": "degC", c: "degC", celsius: "degC", degc: "degC", "°f": "degF", f: "degF", degf: "degF", k: "K", kelvin: "K",
  w: "W", kw: "kW", va: "VA", kva: "kVA", var: "var", kvar: "kvar", v: "V", mv: "mV", kv: "kV", a: "A", ma: "mA",
  wh: "Wh", kwh: "kWh", ah: "Ah", mah: "mAh", hz: "Hz", "%": "%", percent: "%", pct: "%", "%rh": "%RH", rh: "%RH",
  ppm: "ppm", ppb: "ppb", lx: "lx", lux: "lx", pa: "Pa", hpa: "hPa", kpa: "kPa", bar: "bar", "m³": "m3", m3: "m3", l: "L", s: "s", min: "min", h: "h", ohm: "Ohm", "ω": "Ohm",
}; // prettier-ignore

/** Units to choose from; anything else may be typed. */
export const UNITS = ["degC", "degF", "K", "%RH", "%", "ppm", "lx", "Pa", "hPa", "W", "kW", "Wh", "kWh", "V", "A", "Hz", "Ah", "m3", "L", "s", "1"] as const;

/** What a metric is usually sent in. Without a unit the platform takes a temperature as kelvin, which hardly any sensor means. */
const USUAL: readonly (readonly [RegExp, string])[] = [
  [/temp/, "degC"],
  [/humid/, "%RH"],
  [/co2/, "ppm"],
  [/lux|light|illumin/, "lx"],
  [/pressure/, "Pa"],
  [/energy/, "kWh"],
  [/power/, "W"],
  [/volt/, "V"],
  [/current/, "A"],
  [/freq/, "Hz"],
  [/^so[ch]$/, "%"],
];

/** The ending of a metric's name that says its unit already: the platform reads it, so none is sent beside it. */
const SAYS_UNIT = /_(percent|pct|celsius|kelvin|degc|mwh|kwh|wh|kw|mw|mv|kv|ma|ah|hz|ppm|lux|w|v|a|c|k)$/;

/** A unit's code of the API for what people write; the text itself when it is not known. */
export function unitOf(text: string): string {
  const plain = text.trim();
  return WRITTEN[plain.toLowerCase()] ?? plain;
}

/** The unit to suggest for a metric; "" where its name says it, or nothing is usual. */
export function usualUnit(metric: string): string {
  if (SAYS_UNIT.test(metric)) return "";
  return USUAL.find(([named]) => named.test(metric))?.[1] ?? "";
}

export interface Meaning {
  readonly metric: string;
  readonly unit: string;
}

/** "Temperature (°C)", "Power [kW]" → a metric's name and its unit. */
export function meaningOf(header: string): Meaning {
  const bracketed = /^(.*?)[\s_]*[([]\s*([^)\]]+?)\s*[)\]]\s*$/.exec(header);
  const said = bracketed?.[2];
  const metric = nameOf(bracketed?.[1] ?? header);
  return { metric, unit: said === undefined ? usualUnit(metric) : unitOf(said) };
}

/** A metric's name of letters, digits and underscores. */
export function nameOf(text: string): string {
  const plain = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
}
