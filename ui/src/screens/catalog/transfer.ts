/** The catalog as a file, in and out. Throws `Problem`. */
import { api, unwrap } from "../../api/client";
import type { Format } from "./formats";
import type { Kind } from "./kinds";

const MEDIA = { json: "application/json", csv: "text/csv; charset=utf-8", brick: "application/ld+json", haystack: "application/json" } as const;

/** Where the browser gets the file; the session goes along. */
export function exportAddress(format: Format, kind: Kind): string {
  return `/v1/catalog/export?format=${format}${format === "csv" ? `&kind=${kind}` : ""}`;
}

export interface Verdict {
  readonly row: number;
  /** Of CSV: the line of the file that says it, from 1. */
  readonly line?: number;
  readonly kind: string;
  readonly key: string;
  readonly action: "created" | "updated" | "unchanged" | "refused";
  readonly detail?: string;
}

export interface Verdicts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly data: readonly Verdict[];
}

/** Take a file in, or with `dryRun` tell what that would change. */
export async function importFile(text: string, format: Format, kind: Kind, options: { dryRun: boolean; createMissing: boolean }): Promise<Verdicts> {
  const query = { format, dry_run: options.dryRun, ...(format === "csv" ? { kind, ...(kind === "points" ? { create_missing: options.createMissing } : {}) } : {}) };
  const answer = await unwrap(
    api.POST("/v1/catalog/import", {
      params: { query },
      body: text as never,
      bodySerializer: (body) => body as unknown as string,
      headers: { "content-type": MEDIA[format] },
    }),
  );
  return answer as unknown as Verdicts;
}
