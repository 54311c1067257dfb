import { Ring } from "./ring";
import { Delays } from "./delays";
import { keyOf, type SecurityEvent, type SeriesName } from "./messages";

export interface Reading {
  ts: number;
  value: number | null;
  unit: string;
}

const NEWEST_EVENTS = 200;
/** Readings of one frame whose delay is looked at. */
const MOST_WAITING = 2_048;

/** Everything that came over the socket, by series. React reads it through hooks; nothing here knows React. */
export class Board {
  readonly names = new Map<string, SeriesName>();
  readonly rings = new Map<string, Ring>();
  readonly #readings = new Map<string, Reading>();
  readonly #heard = new Map<string, Set<() => void>>();
  readonly #any = new Set<() => void>();
  #events: readonly SecurityEvent[] = [];
  #changed = new Set<string>();
  #painting = false;
  #version = 0;
  #taken = 0;
  #painted: number[] = [];
  /** From a reading's own time to the frame that shows it. */
  readonly delays = new Delays();

  constructor(
    private readonly paint: (then: () => void) => void = (then) => requestAnimationFrame(then),
    private readonly clock: () => number = () => Date.now(),
  ) {}

  /** How many readings came so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Grows with every paint that brought something new. */
  get version(): number {
    return this.#version;
  }

  get events(): readonly SecurityEvent[] {
    return this.#events;
  }

  reading(key: string): Reading | undefined {
    return this.#readings.get(key);
  }

  announce(name: SeriesName): string {
    const key = keyOf(name.site_id, name.sensor_id, name.metric);
    if (!this.names.has(key)) this.names.set(key, name);
    return key;
  }

  take(key: string, ts: number, value: number | null): void {
    let ring = this.rings.get(key);
    if (!ring) this.rings.set(key, (ring = new Ring()));
    if (!ring.push(ts, value)) return;
    this.#taken++;
    // In a hidden tab nothing is painted, and nobody waits.
    if (this.#painted.length < MOST_WAITING) this.#painted.push(ts);
    this.#readings.set(key, { ts, value, unit: this.names.get(key)?.unit ?? "" });
    this.#touch(key);
  }

  takeEvents(events: readonly SecurityEvent[]): void {
    const known = new Set(this.#events.map((event) => event.id));
    const fresh = events.filter((event) => !known.has(event.id));
    if (!fresh.length) return;
    this.#events = [...fresh, ...this.#events].sort((a, b) => b.ts.localeCompare(a.ts)).slice(0, NEWEST_EVENTS);
    this.#touch("");
  }

  /** Call `changed` after each paint's worth of news about `key`, or about anything. Returns what ends it. */
  hear(key: string | null, changed: () => void): () => void {
    if (key === null) {
      this.#any.add(changed);
      return () => this.#any.delete(changed);
    }
    let heard = this.#heard.get(key);
    if (!heard) this.#heard.set(key, (heard = new Set()));
    heard.add(changed);
    return () => {
      heard.delete(changed);
      if (!heard.size && this.#heard.get(key) === heard) this.#heard.delete(key);
    };
  }

  #touch(key: string): void {
    this.#changed.add(key);
    if (this.#painting) return;
    this.#painting = true;
    this.paint(() => {
      this.#painting = false;
      this.#version++;
      const changed = this.#changed;
      this.#changed = new Set();
      const now = this.clock();
      for (const ts of this.#painted) this.delays.push(now, now - ts);
      this.#painted = [];
      for (const name of changed) for (const tell of this.#heard.get(name) ?? []) tell();
      for (const tell of this.#any) tell();
    });
  }
}
