/** The forms in which the catalog goes in and out. */

export const FORMATS = ["json", "csv", "brick", "haystack"] as const;
export type Format = (typeof FORMATS)[number];

/** What a file is, by its name and how it begins: a Haystack grid and our own document are both plain JSON. */
export function formatOf(name: string, text: string): Format {
  if (/\.(csv|tsv|txt)$/i.test(name)) return "csv";
  const start = text.slice(0, 4_096);
  if (/\.jsonld$/i.test(name) || /"@(context|graph)"/.test(start)) return "brick";
  return /"_kind"\s*:\s*"grid"/.test(start) || /hayson/i.test(name) ? "haystack" : "json";
}
