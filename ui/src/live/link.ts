import { Board } from "./board";
import type { Message } from "./messages";

export type LinkState = "idle" | "connecting" | "open" | "paused";

export interface LinkStatus {
  state: LinkState;
  /** Since when (ms) it is so. */
  since: number;
  /** ms that the server's clock is ahead of this one. */
  ahead: number;
  /** Readings that were shown only as part of others because this page was slow, and stretches that came too late to be shown. */
  merged: number;
  /** Why the server refused a subscription, the newest. */
  refusal: string | null;
}

interface Wanted {
  patterns: string[];
  above: number | null;
  users: number;
  token?: string;
  /** Numbers of the series of this subscription on the present connection. */
  keys: Map<number, string>;
}

const BACKOFF = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000];
const UNAUTHORISED = 4401;
const SILENCE = 40_000;

/** The page's one WebSocket: opened by the first subscription, kept up, and resumed where it was cut. */
export class Link {
  readonly board = new Board();
  #socket: WebSocket | null = null;
  #wanted = new Map<string, Wanted>();
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #status: LinkStatus = { state: "idle", since: Date.now(), ahead: 0, merged: 0, refusal: null };
  readonly #listeners = new Set<() => void>();

  constructor(private readonly address: () => string) {
    addEventListener("online", () => this.#now());
    addEventListener("offline", () => this.#socket?.close());
  }

  get status(): LinkStatus {
    return this.#status;
  }

  hear(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** Hear series that match `patterns` (site/sensor/metric, `*` for any text), or events above a criticality. Returns what ends it. */
  subscribe(patterns: readonly string[], above: number | null = null): () => void {
    const id = JSON.stringify([...patterns].sort().concat(above === null ? [] : [String(above)]));
    const name = shorten(id);
    const known = this.#wanted.get(name);
    if (known) known.users++;
    else {
      this.#wanted.set(name, { patterns: [...patterns], above, users: 1, keys: new Map() });
      if (this.#status.state === "open") this.#ask(name);
      else this.#now();
    }
    return () => {
      const wanted = this.#wanted.get(name);
      if (!wanted || --wanted.users) return;
      this.#wanted.delete(name);
      if (this.#status.state === "open") this.#say({ op: "unsub", id: name });
    };
  }

  #now(): void {
    clearTimeout(this.#retry);
    if (!this.#socket && this.#wanted.size) this.#connect();
  }

  #connect(): void {
    this.#become(this.#failures ? "paused" : "connecting");
    const socket = (this.#socket = new WebSocket(this.address()));
    socket.onmessage = (event: MessageEvent<string>) => {
      this.#alive();
      this.#hear(JSON.parse(event.data) as Message);
    };
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      clearTimeout(this.#watch);
      this.#become("paused");
      if (event.code === UNAUTHORISED) dispatchEvent(new Event("penstock:unauthorised"));
      const wait = BACKOFF[Math.min(this.#failures++, BACKOFF.length - 1)]!;
      if (this.#wanted.size) this.#retry = setTimeout(() => this.#now(), wait * (0.5 + Math.random()));
    };
    this.#alive();
  }

  /** A socket that says nothing for long is dead, whatever the browser believes: the server speaks every 15 s. */
  #alive(): void {
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#watch = setTimeout(() => {
      if (socket !== this.#socket || !socket) return;
      socket.close();
      socket.onclose?.(new CloseEvent("close", { code: 1006 }));
    }, SILENCE);
  }

  #ask(name: string): void {
    const wanted = this.#wanted.get(name);
    if (!wanted) return;
    wanted.keys.clear();
    const what = wanted.above === null ? { patterns: wanted.patterns } : { events: true, criticality_above: wanted.above };
    this.#say(wanted.token ? { op: "resume", id: name, token: wanted.token, ...what } : { op: "sub", id: name, ...what });
  }

  #say(message: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #hear(message: Message): void {
    switch (message.op) {
      case "hello":
        this.#failures = 0;
        this.#become("open", { refusal: null });
        for (const name of this.#wanted.keys()) this.#ask(name);
        return;
      case "series": {
        const wanted = this.#wanted.get(message.id);
        for (const name of message.series) wanted?.keys.set(name.number, this.board.announce(name));
        return;
      }
      case "subscribed":
        this.#keep(message.id, message.token);
        return;
      case "data":
      case "backfill": {
        const keys = this.#wanted.get(message.id)?.keys;
        this.#keep(message.id, message.token);
        message.series.forEach((number, i) => {
          const key = keys?.get(number);
          if (key !== undefined) this.board.take(key, message.ts[i]!, message.value[i] ?? null);
        });
        return;
      }
      case "events":
        this.#keep(message.id, message.token);
        this.board.takeEvents(message.data);
        return;
      case "gap":
        this.#become(this.#status.state, { merged: this.#status.merged + message.merged });
        return;
      case "heartbeat":
      case "pong":
        this.#become(this.#status.state, { ahead: message.ts - Date.now() });
        return;
      case "error": {
        const wanted = message.id === undefined ? undefined : this.#wanted.get(message.id);
        if (wanted?.token) {
          // A token that is no longer understood must not keep the subscription from starting anew.
          delete wanted.token;
          this.#ask(message.id!);
        } else this.#become(this.#status.state, { refusal: [message.detail, message.hint].filter(Boolean).join(". ") });
        return;
      }
      case "unsubscribed":
        return;
    }
  }

  #keep(id: string, token: string): void {
    const wanted = this.#wanted.get(id);
    if (wanted) wanted.token = token;
  }

  #become(state: LinkState, more: Partial<LinkStatus> = {}): void {
    const since = state === this.#status.state ? this.#status.since : Date.now();
    this.#status = { ...this.#status, state, since, ...more };
    for (const changed of this.#listeners) changed();
  }
}

/** An id of 64 characters at most that is the same for the same text. */
function shorten(text: string): string {
  if (text.length <= 60) return text;
  let hash = 0xcbf29ce484222325n;
  for (const letter of text) hash = ((hash ^ BigInt(letter.codePointAt(0)!)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return `${text.slice(0, 40)}…${hash.toString(36)}`;
}
