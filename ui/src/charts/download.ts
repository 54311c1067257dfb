/** A chart's question as a file, made by the platform: every row, not what happens to be drawn. */

import { api, unwrap } from "../api/client";
import { Problem } from "../api/problem";
import type { Askable, Question } from "./copyAs";
import { fileName } from "./names";

export type FileFormat = "csv" | "parquet" | "xlsx" | "ndjson" | "arrow";

export const FILE_FORMATS: readonly FileFormat[] = ["csv", "parquet", "xlsx", "ndjson", "arrow"];

const SUFFIX: Record<FileFormat, string> = { csv: "csv", parquet: "parquet", xlsx: "xlsx", ndjson: "ndjson", arrow: "arrow" };
/** How long one look at a job may wait for its end, s. */
const WAIT = 25;

interface Job {
  id?: string | null;
  state?: string | null;
  result?: string | null;
  error?: { code?: string; detail?: string; hint?: string } | null;
}

/**
 * The question as a file has it: not thinned out for a screen. With an automatic window the number of points says how wide
 * the windows are, so there it stays.
 */
export function unthinned(question: Question): Question {
  const isThinned = (question.window ?? "auto") !== "auto" || Object.values(question.fetch).every((fetch) => fetch.fn === "raw");
  return isThinned ? { ...question, max_points: undefined } : question;
}

/** Has the platform make the file, and the browser save it. Throws Problem; an AbortError when `signal` ends it. */
export async function saveFile(question: Askable, format: FileFormat, title: string, signal: AbortSignal): Promise<void> {
  const body = { format, query: typeof question === "string" ? question : unthinned(question) };
  const { data, error, response } = await api.POST("/v1/exports", { body, parseAs: "blob", signal });
  if (error !== undefined || data === undefined) throw new Problem(response.status, error as unknown as Record<string, unknown>, response.headers);
  const name = `${fileName(title)}.${SUFFIX[format]}`;
  if (response.status !== 202) return save(URL.createObjectURL(data as Blob), name, true);
  const job = await ended(JSON.parse(await (data as Blob).text()) as Job, signal);
  if (!job.result) throw new Problem(500, { title: job.error?.code, detail: job.error?.detail, hint: job.error?.hint, code: job.error?.code });
  save(job.result, name, false);
}

/** Waits for the end of a job. */
async function ended(job: Job, signal: AbortSignal): Promise<Job> {
  let now = job;
  while (now.state === "queued" || now.state === "running") {
    now = (await unwrap(api.GET("/v1/jobs/{job}", { params: { path: { job: now.id ?? "" }, query: { wait: WAIT } }, signal }))) as Job;
  }
  return now;
}

function save(url: string, name: string, isMade: boolean): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to save it when the click returns, but reads a made URL only then.
  if (isMade) setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
