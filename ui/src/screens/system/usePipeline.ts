/** What the platform says about itself, asked again and again. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, unwrap, type JsonOf } from "../../api/client";
import { Problem } from "../../api/problem";
import { every } from "../../api/every";
import { useMe } from "../../api/session";

export type Pipeline = JsonOf<"/v1/system/pipeline">;
export type Stage = NonNullable<Pipeline["stages"]>[number];
export type Part = NonNullable<Stage["parts"]>[number];

const PIPELINE_MS = 2_000;
const READY_MS = 10_000;

/** The pipeline, stage by stage. Only the scope admin may see it: without it nothing is asked. */
export function usePipeline() {
  const isAdmin = useIsAdmin();
  return useQuery({
    queryKey: ["system", "pipeline"],
    queryFn: ({ signal }) => unwrap(api.GET("/v1/system/pipeline", { signal })),
    enabled: isAdmin === true,
    refetchInterval: every(PIPELINE_MS),
  });
}

/** Whether who is signed in may see and mend; undefined until that is known. */
export function useIsAdmin(): boolean | undefined {
  const { data } = useMe();
  return data && (data.scopes ?? []).includes("admin");
}

export interface Check {
  readonly name: string;
  readonly isOk: boolean;
  readonly detail: string;
  /** How long it took, ms; null where nothing is timed. */
  readonly ms: number | null;
}

export interface Readiness {
  readonly status: "ready" | "degraded" | "not_ready";
  readonly checks: readonly Check[];
}

/** Whether what is written can be read back, and what does not work. A 503 that says so is an answer. */
export function useReadiness() {
  return useQuery({
    queryKey: ["system", "ready"],
    queryFn: async ({ signal }) => {
      const { data, error, response } = await api.GET("/readyz", { signal });
      const body = (data ?? error) as { status?: unknown; checks?: Record<string, { ok?: boolean; detail?: string; ms?: number }> } | undefined;
      if (body?.checks === undefined) throw new Problem(response.status, (error ?? {}) as Record<string, unknown>, response.headers);
      return readinessOf(body.checks, response.ok ? String(body.status) : "not_ready");
    },
    refetchInterval: every(READY_MS),
  });
}

export function readinessOf(checks: Record<string, { ok?: boolean; detail?: string; ms?: number }>, status: string): Readiness {
  return {
    status: status === "ready" || status === "degraded" ? status : "not_ready",
    checks: Object.entries(checks).map(([name, { ok, detail, ms }]) => ({ name, isOk: ok === true, detail: detail ?? "", ms: ms ?? null })),
  };
}

/** When this page first saw `state` as it is now, epoch ms. */
export function useSeenSince(state: string | undefined): number | undefined {
  const [seen, setSeen] = useState<{ state: string; at: number }>();
  useEffect(() => {
    if (state !== undefined) setSeen((before) => (before?.state === state ? before : { state, at: Date.now() }));
  }, [state]);
  return seen?.state === state ? seen?.at : undefined;
}

const KEPT = 90;

/** The rate of each stage at every answer since the page was opened, the newest `KEPT`. */
export function useRates(pipeline: Pipeline | undefined): Readonly<Record<string, readonly (number | null)[]>> {
  const [rates, setRates] = useState<Record<string, readonly (number | null)[]>>({});
  useEffect(() => {
    if (pipeline === undefined) return;
    setRates((before) =>
      Object.fromEntries((pipeline.stages ?? []).map(({ stage, rate_10s }) => [stage ?? "", [...(before[stage ?? ""] ?? []), rate_10s ?? null].slice(-KEPT)])),
    );
  }, [pipeline]);
  return rates;
}
