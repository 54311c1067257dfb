/** Numbers as files write them. */

/** What stands before decimals. */
export type Decimal = "." | ",";

const PLAIN = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i;
/** Groups of three digits: 1,234 or 1.234.567, and then decimals behind the other sign. */
const COMMA_GROUPS = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$/;
const POINT_GROUPS = /^[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?$/;
/** Groups with a space or an apostrophe between them: 1 234,5 and 1'234.5. */
const SPACED = /^[+-]?\d{1,3}([ \u00A0\u202F'’]\d{3})+([.,]\d*)?$/;
const NOTHING = /^(|\?|na|n\/a|nan|null|-)$/i;

/**
 * The number that a cell holds; null when it is none, undefined when nothing is there. `decimal` decides what can be read in two ways:
 * 1,234 is a bit more than one, or a thousand.
 */
export function numberOf(cell: string, decimal: Decimal = "."): number | null | undefined {
  const text = cell.trim();
  if (NOTHING.test(text)) return undefined;
  const plain = plainOf(text, decimal);
  if (plain === null) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

export function isNumber(cell: string): boolean {
  return typeof numberOf(cell) === "number";
}

function plainOf(text: string, decimal: Decimal): string | null {
  if (SPACED.test(text)) return text.replace(/[ \u00A0\u202F'’]/g, "").replace(",", ".");
  if (PLAIN.test(text)) {
    const isGrouped = (decimal === "." ? COMMA_GROUPS : POINT_GROUPS).test(text);
    return isGrouped ? text.replace(/[.,]/g, "") : text.replace(",", ".");
  }
  if (COMMA_GROUPS.test(text)) return text.replaceAll(",", "");
  if (POINT_GROUPS.test(text)) return text.replaceAll(".", "").replace(",", ".");
  return null;
}

/** What decimals are written with in these cells, by those that can be read in one way only; else by what separates the cells. */
export function decimalOf(cells: readonly string[], delimiter: string): Decimal {
  let commas = false;
  for (const cell of cells) {
    const text = cell.trim();
    const [comma, point] = [COMMA_GROUPS.test(text), POINT_GROUPS.test(text)];
    if (PLAIN.test(text) && text.includes(",") && !comma) return ",";
    if (PLAIN.test(text) && text.includes(".") && !point) return ".";
    if (!PLAIN.test(text) && comma) return ".";
    if (!PLAIN.test(text) && point) return ",";
    commas ||= comma;
  }
  return commas && delimiter !== "," ? "," : ".";
}
