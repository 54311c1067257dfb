/** Client of the Penstock telemetry platform: every route typed by the OpenAPI document, with retries, paging and live rows. */

import createFetchClient, { type Client as FetchClient } from "openapi-fetch";

import { PenstockError, errorFrom } from "./errors.js";
import { type LiveOptions, type LiveRow, live } from "./live.js";
import { RETRY, type Retry, retrying } from "./retry.js";
import type { paths } from "./schema.js";

export * from "./errors.js";
export * from "./live.js";
export { type Retry } from "./retry.js";
export type { components, operations, paths } from "./schema.js";

export interface Options {
  /** Default: http://127.0.0.1:8080 */
  url?: string;
  /** An API key. Default: PENSTOCK_KEY of the environment, where there is one. */
  key?: string;
  retry?: Partial<Retry>;
  /** For tests and unusual networks. */
  fetch?: typeof fetch;
}

/** A page of a list. */
export interface Page<Row> {
  data: Row[];
  next_cursor: string | null;
  as_of: string;
  staleness_ms: number;
  complete: boolean;
}

/** What `openapi-fetch` answers. */
interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** One platform. `http` has every route: `client.ask(client.http.GET("/v1/latest", …))`. */
export class Client {
  readonly url: string;
  /** Every route by method and path, typed. Its answers carry `data` or `error`; `ask` turns errors into exceptions. */
  readonly http: FetchClient<paths, "application/json">;
  readonly #connect: typeof fetch;
  readonly #retry: Retry;

  constructor(options: Options = {}) {
    const key = options.key ?? environment()["PENSTOCK_KEY"];
    if (!key) throw new PenstockError("no API key", undefined, { hint: "pass key, or set PENSTOCK_KEY" });
    this.url = (options.url ?? "http://127.0.0.1:8080").replace(/\/+$/, "");
    this.#retry = { ...RETRY, ...options.retry };
    const inner = options.fetch ?? fetch;
    this.#connect = (input, init) => {
      const request = new Request(input, init);
      request.headers.set("authorization", `Bearer ${key}`);
      return inner(request);
    };
    this.http = createFetchClient<paths, "application/json">({
      baseUrl: this.url,
      headers: { accept: "application/json" },
      fetch: retrying(this.#connect, this.#retry),
    });
  }

  /** The data of an answer. Throws PenstockError where it carries an error. */
  async ask<Data>(answering: Promise<Answer<Data>>): Promise<Data> {
    const { data, error, response } = await answering;
    if (!response.ok || data === undefined) throw errorFrom(response, error);
    return data;
  }

  /**
   * The rows of a list over all its pages, each fetched when it is needed:
   * `client.rows((cursor) => client.http.GET("/v1/series", { params: { query: { cursor } } }))`.
   */
  async *rows<Row>(page: (cursor: string | undefined) => Promise<Answer<Page<Row>>>): AsyncGenerator<Row> {
    let cursor: string | undefined;
    do {
      const answer = await this.ask(page(cursor));
      yield* answer.data;
      cursor = answer.next_cursor ?? undefined;
    } while (cursor);
  }

  /** Send rows (docs/formats.md). Durable when it answers; sent again under the same key, they count once. */
  async write(rows: Array<Record<string, unknown>>, key: string = crypto.randomUUID()) {
    return this.ask(this.http.POST("/v1/readings", { body: rows, headers: { "Idempotency-Key": key } }));
  }

  /** Rows as they arrive, for ever. */
  live(options: LiveOptions = {}): AsyncGenerator<LiveRow> {
    return live(this.#connect, this.url, options, this.#retry);
  }
}

/** The environment's variables under Node; a browser has none. Without Node's types, so that what is built needs none either. */
function environment(): Record<string, string | undefined> {
  return (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};
}
