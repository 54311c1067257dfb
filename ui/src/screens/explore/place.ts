/** The index of the letter that a refusal names ("at column 18"); undefined where it names none. */
export function placeOf(detail: string): number | undefined {
  const column = /at column (\d+)/.exec(detail)?.[1];
  return column === undefined ? undefined : Number(column) - 1;
}
