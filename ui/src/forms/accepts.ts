/** Whether a file is of a kind that is asked for. */

/** `accept` as in HTML: endings (`.csv`), media types (`text/csv`) and groups of them (`text/*`). */
export function accepts(accept: readonly string[], file: { readonly name: string; readonly type: string }): boolean {
  const name = file.name.toLowerCase();
  return accept.some((kind) => {
    if (kind.startsWith(".")) return name.endsWith(kind.toLowerCase());
    return kind.endsWith("/*") ? file.type.startsWith(kind.slice(0, -1)) : file.type === kind;
  });
}
