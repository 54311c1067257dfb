import type { QueryAnswer } from "../../api/query";

/** One stretch of time with the value of each metric. */
export interface Stretch {
  /** Where it begins, epoch ms. */
  ts: number;
  values: Readonly<Record<string, number | null>>;
}

/** Rows of an answer, one for each time, the newest first. */
export function pivot(answer: QueryAnswer): Stretch[] {
  const stretches = new Map<number, Record<string, number | null>>();
  for (let n = 0; n < answer.rows; n++) {
    const ts = answer.times[n]!;
    const values = stretches.get(ts) ?? {};
    values[String(answer.columns["metric"]?.[n])] = (answer.columns["value"]?.[n] ?? null) as number | null;
    stretches.set(ts, values);
  }
  return [...stretches].map(([ts, values]) => ({ ts, values })).sort((a, b) => b.ts - a.ts);
}
