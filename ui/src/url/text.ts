/** Values of search parameters. The router reads JSON out of them, so `?from=1767225600000` arrives as a number. */

/** The text that was in the URL; undefined for what is no text, number or boolean. */
export function asText(raw: unknown): string | undefined {
  return typeof raw === "string" ? raw : typeof raw === "number" || typeof raw === "boolean" ? String(raw) : undefined;
}

/** The text of a parameter for who must refuse what is no text: such values as JSON. Undefined when it is not there. */
export function writtenText(raw: unknown): string | undefined {
  return raw === undefined ? undefined : (asText(raw) ?? JSON.stringify(raw));
}

/** A text as the router writes it without quotes: what spells a number as numbers are spelled is one, and `asText` gives it back. */
export function plain(text: string): string | number {
  const value = Number(text);
  return String(value) === text && Number.isFinite(value) ? value : text;
}
