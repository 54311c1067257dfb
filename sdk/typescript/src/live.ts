/** Rows as they arrive, by server-sent events over fetch: so that the key travels in a header, which EventSource cannot do. */

import { PenstockError, Unavailable, errorFrom } from "./errors.js";
import { type Retry, backoff, sleep } from "./retry.js";

export interface Reading {
  ts: string;
  sensor_id: string;
  site_id: string;
  metric: string;
  value: number | null;
  unit: string;
}

export interface SecurityEvent {
  id: string;
  ts: string;
  timestamp: string;
  criticality: number;
  message: string;
  source: string;
}

/** What a live stream yields. `gap`: rows were missed, `skipped` of them, or those of [from, to), or unknown which. */
export type LiveRow =
  | { kind: "reading"; row: Reading }
  | { kind: "event"; row: SecurityEvent }
  | { kind: "gap"; skipped?: number; from?: string; to?: string };

export interface LiveOptions {
  site?: string;
  sensor?: string;
  metric?: string;
  /** Also security events, or only these. */
  events?: "false" | "true" | "only";
  signal?: AbortSignal;
  /** Called whenever a connection stands: from then on every row is heard. */
  onOpen?: () => void;
}

/** One connection's text → rows; text may be cut anywhere. `lastId` is the id of the last whole message. */
export class Parser {
  #rest = "";

  constructor(public lastId?: string) {}

  *feed(piece: string): Generator<LiveRow> {
    const messages = (this.#rest + piece).replaceAll("\r", "").split("\n\n");
    this.#rest = messages.pop() ?? "";
    for (const message of messages) {
      this.lastId = /^id:(.*)$/m.exec(message)?.[1]?.trim() ?? this.lastId;
      yield* rowsOf(message);
    }
  }
}

function* rowsOf(message: string): Generator<LiveRow> {
  let kind = "";
  let data = "";
  for (const line of message.split("\n")) {
    if (line.startsWith("event:")) kind = line.slice(6).trim();
    else if (line.startsWith("data:")) data += line.slice(5).trim();
  }
  if (kind === "readings") for (const row of JSON.parse(data) as Reading[]) yield { kind: "reading", row };
  else if (kind === "events") for (const row of JSON.parse(data) as SecurityEvent[]) yield { kind: "event", row };
  else if (kind === "gap") yield { kind: "gap", ...(JSON.parse(data) as object) };
}

/**
 * Rows for ever: a connection that is lost once it stood is made again and goes on behind its last message. Ends when
 * `options.signal` aborts.
 * Throws PenstockError when the key is refused, or Unavailable when it never could connect.
 */
export async function* live(
  connect: (url: string, init: RequestInit) => Promise<Response>,
  url: string,
  options: LiveOptions,
  retry: Retry,
): AsyncGenerator<LiveRow> {
  const { signal, onOpen, ...filters } = options;
  const query = new URLSearchParams(filters as Record<string, string>);
  let parser = new Parser();
  for (let tries = 1, stood = false; !signal?.aborted; tries++) {
    let wait: number | undefined;
    const place = parser.lastId;
    const headers = { accept: "text/event-stream", ...(place ? { "last-event-id": place } : {}) };
    try {
      const answer = await connect(`${url}/v1/stream?${query}`, { headers, ...(signal ? { signal } : {}) });
      if (!answer.ok || !answer.body) throw errorFrom(answer, await answer.json().catch(() => undefined));
      if (stood && !place) yield { kind: "gap" };
      parser = new Parser(place);
      [stood, tries] = [true, 1];
      onOpen?.();
      yield* rowsIn(answer.body, parser);
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof PenstockError && !(error instanceof Unavailable)) throw error;
      const reason = error instanceof Unavailable ? error : new Unavailable(`${url}: ${String(error)}`, undefined);
      if (!stood && tries >= retry.attempts) throw reason;
      wait = reason.retryAfter;
    }
    await sleep(backoff(retry, tries, wait, Math.random), signal);
  }
}

async function* rowsIn(body: ReadableStream<Uint8Array>, parser: Parser): AsyncGenerator<LiveRow> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.feed(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined); // a connection that is gone cannot be cancelled, and need not be
  }
}
