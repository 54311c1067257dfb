/** How long ago a delay may have been measured to be counted, ms. */
const SPAN = 60_000;
/** What is older than this when it arrives was sent late or filled in after a cut: it says nothing about how quick the way is. */
export const LATE = 60_000;

/** The delays of the last minute, at most the newest `capacity` of them. */
export class Delays {
  readonly #at: Float64Array;
  readonly #ms: Float64Array;
  #next = 0;
  #late = 0;

  constructor(readonly capacity = 2_048) {
    this.#at = new Float64Array(capacity).fill(Number.NEGATIVE_INFINITY);
    this.#ms = new Float64Array(capacity);
  }

  /** Readings that were too old to count, since the page was opened. */
  get late(): number {
    return this.#late;
  }

  push(now: number, ms: number): void {
    if (ms > LATE) {
      this.#late++;
      return;
    }
    this.#at[this.#next] = now;
    this.#ms[this.#next] = ms;
    this.#next = (this.#next + 1) % this.capacity;
  }

  /** The delay (ms) that a share `q` of the last minute's readings did not exceed; undefined without any. */
  at(q: number, now: number): number | undefined {
    const recent = this.#ms.filter((_, i) => now - this.#at[i]! <= SPAN).sort();
    return recent.length ? recent[Math.min(recent.length - 1, Math.max(0, Math.ceil(q * recent.length) - 1))] : undefined;
  }
}
