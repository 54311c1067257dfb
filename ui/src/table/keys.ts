/** Where keys move in a table. */

/** The row that a key leads to from row `at` of `count`, a page being `page` rows; undefined for keys that do nothing here. */
export function rowAfterKey(at: number, key: string, count: number, page: number): number | undefined {
  const clamp = (row: number) => Math.min(Math.max(row, 0), count - 1);
  switch (key) {
    case "ArrowDown":
      return clamp(at + 1);
    case "ArrowUp":
      return clamp(at - 1);
    case "PageDown":
      return clamp(at + page);
    case "PageUp":
      return clamp(at - page);
    case "Home":
      return 0;
    case "End":
      return clamp(count - 1);
    default:
      return undefined;
  }
}
