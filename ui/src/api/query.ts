import type { components } from "@schema";
import { useQuery } from "@tanstack/react-query";
import type { Line, Question } from "../charts";
import { api, unwrap } from "./client";
import { every } from "./every";

export type QueryDocument = components["schemas"]["QueryDocument"];

/** The answer of a query as columns of equal length; times in epoch ms. */
export interface QueryAnswer {
  columns: Record<string, readonly (string | number | null)[]>;
  times: Float64Array;
  rows: number;
  asOf: number;
  stalenessMs: number;
  complete: boolean;
  meta: { window?: number | string | null; tier?: number; series?: number; cost?: number; downsampled?: boolean };
}

const COLUMNS = "application/vnd.penstock.columns+json";

/** Ask the query engine; what has a default may be left out. Throws `Problem`. */
export async function ask(document: Question, signal?: AbortSignal): Promise<QueryAnswer> {
  // The type made from the OpenAPI document requires what the platform has defaults for.
  const body = document as QueryDocument;
  return answerOf(await unwrap(api.POST("/v1/query", { body, headers: { accept: COLUMNS }, ...(signal ? { signal } : {}) })));
}

/** The same for a question in the language of docs/query-language.md. */
export async function askText(q: string, signal?: AbortSignal): Promise<QueryAnswer> {
  return answerOf(await unwrap(api.GET("/v1/query", { params: { query: { q } }, headers: { accept: COLUMNS }, ...(signal ? { signal } : {}) })));
}

function answerOf(body: unknown): QueryAnswer {
  const answer = body as {
    columns: Record<string, (string | number | null)[]>;
    as_of: number | string;
    staleness_ms: number;
    complete: boolean;
    meta?: QueryAnswer["meta"];
  };
  const ts = answer.columns["ts"] ?? [];
  return {
    columns: answer.columns,
    times: Float64Array.from(ts, (at) => (typeof at === "number" ? at : Date.parse(String(at)))),
    rows: ts.length,
    asOf: typeof answer.as_of === "number" ? answer.as_of : Date.parse(answer.as_of),
    stalenessMs: answer.staleness_ms,
    complete: answer.complete,
    meta: answer.meta ?? {},
  };
}

/** `ask` as a query of the page; asked again every `refetchMs` while the range is live. */
export function useAnswer(document: Question | null, { refetchMs = false as number | false } = {}) {
  return useQuery({
    queryKey: ["query", document],
    queryFn: ({ signal }) => ask(document!, signal),
    enabled: document !== null,
    refetchInterval: every(refetchMs),
    placeholderData: (before) => before,
  });
}

const GROUPS = ["site_id", "building", "room", "equipment", "sensor_id"];

/** The lines of an answer on one axis of time, as TimeChart wants them; `label` names a line by its groups. */
export function toLines(
  answer: QueryAnswer,
  label: (groups: Record<string, string>, name: string, metric: string | null) => string = defaultLabel,
): { times: Float64Array; lines: Line[] } {
  const groups = Object.keys(answer.columns).filter((column) => GROUPS.includes(column) || column.startsWith("tag:"));
  const column = (name: string) => answer.columns[name];
  const times = Float64Array.from(new Set(answer.times)).sort();
  const place = new Map(Array.from(times, (at, i) => [at, i] as const));
  const lines = new Map<string, Line & { values: (number | null)[] }>();
  for (let row = 0; row < answer.rows; row++) {
    const own = Object.fromEntries(groups.map((group) => [group, String(column(group)?.[row] ?? "")]));
    const name = String(column("name")?.[row] ?? "");
    const metric = (column("metric")?.[row] ?? null) as string | null;
    const unit = (column("unit")?.[row] ?? null) as string | null;
    const id = JSON.stringify([name, metric, unit, own]);
    let line = lines.get(id);
    if (!line) {
      line = { id, label: label(own, name, metric), unit, values: new Array<number | null>(times.length).fill(null) };
      lines.set(id, line);
    }
    line.values[place.get(answer.times[row]!)!] = (column("value")?.[row] ?? null) as number | null;
  }
  return { times, lines: [...lines.values()] };
}

function defaultLabel(groups: Record<string, string>, name: string, metric: string | null): string {
  const text = Object.values(groups).filter(Boolean).join(" · ");
  return text || metric || name;
}
