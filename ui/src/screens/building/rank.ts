/** Which rooms stand out. */

/** Modified z-scores above this are called outliers. */
const UNUSUAL = 3.5;
/** Puts the median absolute deviation of a normal distribution on the scale of its standard deviation. */
const SCALE = 0.6745;
/** With fewer values there is no telling what is usual. */
const FEWEST = 5;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length === 0 ? Number.NaN : sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * Whether each value is an outlier among all: by the modified z-score of Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993),
 * which outliers themselves do not hide from.
 */
export function outliers(values: readonly number[]): boolean[] {
  const middle = median(values);
  const deviation = median(values.map((value) => Math.abs(value - middle)));
  if (values.length < FEWEST || !(deviation > 0)) return values.map(() => false);
  return values.map((value) => (SCALE * Math.abs(value - middle)) / deviation > UNUSUAL);
}

/** The `most` highest and lowest of `rows`, from the outermost inwards; no row is in both. */
export function extremes<Row>(rows: readonly Row[], valueOf: (row: Row) => number | null, most: number): { highest: Row[]; lowest: Row[] } {
  const known = rows.filter((row) => valueOf(row) !== null).sort((a, b) => valueOf(b)! - valueOf(a)!);
  const each = Math.min(most, known.length >> 1);
  return { highest: known.slice(0, Math.max(each, known.length === 1 ? 1 : 0)), lowest: each === 0 ? [] : known.slice(-each).reverse() };
}
