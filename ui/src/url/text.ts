/** Values of search parameters. The router reads JSON out of them, so `?from=1767225600000` arrives as a number. */

/** The text that was in the URL; undefined for what is no text, number or boolean. */
export function asText(raw: unknown): string | undefined {
  return typeof raw === "string" ? raw : typeof raw === "number" || typeof raw === "boolean" ? String(raw) : undefined;
}
