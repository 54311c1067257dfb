/** Which colour and dash a line has: eight colours that the colour-blind tell apart, and dashes where they come round again. */

const COLOURS = 8;

/** Solid first; each round of the palette has the next. CSS pixels. */
const DASHES: readonly (readonly number[])[] = [[], [8, 4], [3, 3], [10, 3, 2, 3]];

/** Computed values are dotted, whatever their colour. */
export const ESTIMATED_DASH: readonly number[] = [1.5, 3];

export interface Look {
  /** A CSS custom property. */
  color: string;
  dash: readonly number[];
}

/** The look of the line at a place. `distinct`: a dash for each line, where colours cannot be relied on (forced colours). */
export function lookOf(index: number, options: { color?: string | undefined; estimated?: boolean | undefined; distinct?: boolean } = {}): Look {
  const round = options.distinct === true ? index : Math.floor(index / COLOURS);
  const dash = options.estimated === true ? ESTIMATED_DASH : (DASHES[round % DASHES.length] ?? []);
  return { color: options.color ?? `--line-${(index % COLOURS) + 1}`, dash };
}
