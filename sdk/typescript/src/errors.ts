/** What can go wrong. Every failure of a call is a `PenstockError`; `Unavailable` is what may pass by waiting. */

/** RFC 9457 problem details, as the platform sends them. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  /** Stable, for programs. */
  code?: string;
  hint?: string;
  request_id?: string;
  retry_after_ms?: number;
  /** Rows (`row`, `code`, `detail`) or parameters (`field`, `in`, `code`, `detail`). */
  errors?: Array<Record<string, unknown>>;
}

/** The platform refused or failed; `code`, `hint` and `errors` say what to do. */
export class PenstockError extends Error {
  override readonly name: string = "PenstockError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly errors: Array<Record<string, unknown>>;

  constructor(
    detail: string,
    readonly status: number | undefined,
    readonly problem: Problem = {},
  ) {
    super(problem.hint ? `${detail} (${problem.hint})` : detail);
    this.code = problem.code ?? "error";
    this.hint = problem.hint;
    this.errors = problem.errors ?? [];
  }
}

/** 429, 502, 503, 504 or no answer at all: it may succeed after `retryAfter` seconds (undefined: nothing was said). */
export class Unavailable extends PenstockError {
  override readonly name = "Unavailable";

  constructor(
    detail: string,
    status: number | undefined,
    problem: Problem = {},
    readonly retryAfter?: number,
  ) {
    super(detail, status, problem);
  }
}

/** Statuses that may pass. */
export const PASSING: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** Seconds to wait: the problem's milliseconds are finer than the header. */
export function retryAfter(response: Response, problem: Problem = {}): number | undefined {
  if (typeof problem.retry_after_ms === "number") return problem.retry_after_ms / 1000;
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** The error that an answer means. */
export function errorFrom(response: Response, said: unknown): PenstockError {
  const problem: Problem = typeof said === "object" && said !== null ? (said as Problem) : {};
  const detail = problem.detail ?? `${response.url} answered ${response.status}`;
  return PASSING.has(response.status)
    ? new Unavailable(detail, response.status, problem, retryAfter(response, problem))
    : new PenstockError(detail, response.status, problem);
}
