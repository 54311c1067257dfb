import { Problem } from "./problem";

interface Polled {
  readonly state: { readonly error: unknown };
}

/** A `refetchInterval`: every `ms`, but after a refusal not before the time that the platform asked for (`Retry-After`). */
export function every(ms: number | false): (query: Polled) => number | false {
  return ({ state: { error } }) => ms !== false && Math.max(ms, error instanceof Problem ? (error.retryAfterMs ?? 0) : 0);
}
