/** Where a cursor goes on a key: along a line of points, or over a grid of cells. */

/** With Shift, and for a page of a line as a share of what is seen. */
const FAR = 10;
const PAGE_SHARE = 0.1;

export interface Key {
  key: string;
  shift: boolean;
}

/** The next index among `count` points of which `seen` are in view; undefined for a key that moves nothing. */
export function stepAlong({ key, shift }: Key, index: number, count: number, seen: number = count): number | undefined {
  if (count === 0) return undefined;
  const page = Math.max(FAR, Math.round(seen * PAGE_SHARE));
  const steps: Partial<Record<string, number>> = {
    ArrowLeft: shift ? -FAR : -1,
    ArrowRight: shift ? FAR : 1,
    PageUp: page,
    PageDown: -page,
    Home: -count,
    End: count,
  };
  const step = steps[key];
  return step === undefined ? undefined : Math.min(count - 1, Math.max(0, index + step));
}

export interface Cell {
  row: number;
  column: number;
}

/** The next cell of a grid; `rows` a page up or down, Home and End within the row, with Shift ten cells. */
export function stepOver({ key, shift }: Key, at: Cell, rows: number, columns: number, page: number): Cell | undefined {
  if (rows === 0 || columns === 0) return undefined;
  const far = shift ? FAR : 1;
  const by: Partial<Record<string, [number, number]>> = {
    ArrowLeft: [0, -far],
    ArrowRight: [0, far],
    ArrowUp: [-far, 0],
    ArrowDown: [far, 0],
    PageUp: [-page, 0],
    PageDown: [page, 0],
    Home: [0, -columns],
    End: [0, columns],
  };
  const step = by[key];
  if (step === undefined) return undefined;
  return { row: within(at.row + step[0], rows), column: within(at.column + step[1], columns) };
}

function within(index: number, count: number): number {
  return Math.min(count - 1, Math.max(0, index));
}
