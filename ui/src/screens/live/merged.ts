/** Columns of times (ascending, ms) and values. */
export interface Strip {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

/** Both strips as one, ascending; at an instant that both have, the later one counts. */
export function merged(before: Strip, later: Strip): Strip {
  if (before.times.length === 0) return later;
  const times: number[] = [];
  const values: (number | null)[] = [];
  let i = 0;
  for (let j = 0; j <= later.times.length; j++) {
    const next = later.times[j] ?? Number.POSITIVE_INFINITY;
    while (i < before.times.length && before.times[i]! < next) {
      times.push(before.times[i]!);
      values.push(before.values[i] ?? null);
      i++;
    }
    if (before.times[i] === next) i++;
    if (j < later.times.length) {
      times.push(next);
      values.push(later.values[j] ?? null);
    }
  }
  return { times, values };
}
