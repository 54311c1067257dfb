/** One fault of a request, at its place in the body (a JSON pointer). */
export interface Fault {
  pointer?: string;
  detail: string;
}

/** What the platform answered instead of what was asked for (RFC 9457), or that it could not be reached (status 0). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly errors: readonly Fault[];

  constructor(status: number, body: Record<string, unknown>, headers?: Headers) {
    const text = (name: string) => (typeof body[name] === "string" ? (body[name] as string) : undefined);
    super(text("detail") ?? text("title") ?? `HTTP ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = text("code") ?? (status ? `http_${status}` : "unreachable");
    this.title = text("title") ?? "";
    this.detail = text("detail") ?? "";
    this.hint = text("hint");
    this.requestId = text("request_id") ?? text("trace_id") ?? headers?.get("x-request-id") ?? undefined;
    const seconds = Number(headers?.get("retry-after"));
    const stated = body["retry_after_ms"];
    this.retryAfterMs = typeof stated === "number" ? stated : seconds > 0 ? seconds * 1000 : undefined;
    this.errors = Array.isArray(body["errors"]) ? (body["errors"] as Fault[]) : [];
  }

  /** Whether asking again may help: the network, too many requests, or something behind the platform. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}
