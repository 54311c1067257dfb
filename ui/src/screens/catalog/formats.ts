/** The forms in which the catalog goes in and out. */

import { FIELDS, KINDS, type Kind } from "./kinds";

export const FORMATS = ["json", "csv", "brick", "haystack"] as const;
export type Format = (typeof FORMATS)[number];

/** What a file is, by its name and how it begins: a Haystack grid and our own document are both plain JSON. */
export function formatOf(name: string, text: string): Format {
  if (/\.(csv|tsv|txt)$/i.test(name)) return "csv";
  const start = text.slice(0, 4_096);
  if (/\.jsonld$/i.test(name) || /"@(context|graph)"/.test(start)) return "brick";
  return /"_kind"\s*:\s*"grid"/.test(start) || /hayson/i.test(name) ? "haystack" : "json";
}

const SEPARATORS = /[,;\t]/;

/** Which kind of records a CSV file holds, by its header; `usual` where that fits as well as any other. */
export function kindOf(text: string, usual: Kind): Kind {
  const header = (text.split(/\r?\n/, 1)[0] ?? "").split(SEPARATORS).map((name) => name.trim().replace(/^"|"$/g, "").toLowerCase());
  const fits = (kind: Kind) => {
    const known = new Set(FIELDS[kind].map(({ name }) => name));
    const keys = FIELDS[kind].filter(({ isRequired, isKey }) => isRequired && isKey).every(({ name }) => header.includes(name));
    return header.filter((name) => known.has(name)).length + (keys ? KINDS.length : 0);
  };
  return KINDS.reduce((best, kind) => (fits(kind) > fits(best) ? kind : best), usual);
}
