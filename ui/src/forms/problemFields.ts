/** Which field an error of a problem document belongs to. */

/** One of `errors[]` of RFC 9457 problem details: `pointer` is a URI fragment with a JSON pointer (`#/site/name`). */
export interface PointedError {
  readonly pointer?: string | undefined;
  readonly detail?: string | undefined;
}

/** The name of the field that a JSON pointer (RFC 6901) means: its parts with dots between them; "" for the whole body. */
export function fieldOf(pointer: string): string {
  const plain = pointer.startsWith("#") ? decodeURIComponent(pointer.slice(1)) : pointer;
  return plain
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
}

/** What is wrong, by field name. */
export function byField(errors: readonly PointedError[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { pointer = "", detail = "" } of errors) (found[fieldOf(pointer)] ??= []).push(detail);
  return found;
}
