/** The answer to whatever was asked: by the builder, as text, or in PromQL. */
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { ask, askText, type QueryAnswer } from "../../api/query";
import type { Question } from "../../charts";
import { promAnswer, type Matrix } from "./prom";

export type Wanted =
  | { readonly kind: "ask"; readonly question: Question }
  | { readonly kind: "text"; readonly q: string }
  | { readonly kind: "promql"; readonly query: string; readonly from: number; readonly to: number; readonly step: number };

async function fetched(wanted: Wanted, signal: AbortSignal): Promise<QueryAnswer> {
  if (wanted.kind === "ask") return ask(wanted.question, signal);
  if (wanted.kind === "text") return askText(wanted.q, signal);
  const { query, step, to } = wanted;
  // Steps at multiples of themselves are answered from rollups.
  const [start, end] = [Math.ceil(wanted.from / 1_000 / step) * step, Math.floor(Math.min(to, Date.now()) / 1_000 / step) * step];
  const body = await unwrap(api.GET("/prometheus/api/v1/query_range", { params: { query: { query, start: String(start), end: String(end), step: String(step) } as never }, signal }));
  const { data } = body as unknown as { data: { result: readonly Matrix[] } };
  return promAnswer(data.result, step * 1_000, Date.now());
}

export function useResult(wanted: Wanted | null) {
  return useQuery({
    queryKey: ["explore", wanted],
    enabled: wanted !== null,
    queryFn: ({ signal }): Promise<QueryAnswer> => fetched(wanted!, signal),
    placeholderData: (before) => before,
  });
}
