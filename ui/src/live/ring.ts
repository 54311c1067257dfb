/** The newest readings of one series, outside React: fixed memory, no object per reading. */
export class Ring {
  readonly #ts: Float64Array;
  readonly #value: Float64Array;
  #next = 0;
  #size = 0;

  constructor(readonly capacity = 1_200) {
    this.#ts = new Float64Array(capacity);
    this.#value = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  get newest(): number {
    return this.#size ? this.#ts[(this.#next + this.capacity - 1) % this.capacity]! : Number.NEGATIVE_INFINITY;
  }

  get value(): number | null {
    if (!this.#size) return null;
    const value = this.#value[(this.#next + this.capacity - 1) % this.capacity]!;
    return Number.isNaN(value) ? null : value;
  }

  /** Take a reading in; false when it is not newer than the newest, as after a resume that repeats itself. */
  push(ts: number, value: number | null): boolean {
    if (ts <= this.newest) return false;
    this.#ts[this.#next] = ts;
    this.#value[this.#next] = value ?? Number.NaN;
    this.#next = (this.#next + 1) % this.capacity;
    this.#size = Math.min(this.#size + 1, this.capacity);
    return true;
  }

  /** The readings from `from` (ms) on, oldest first. */
  since(from: number): { times: number[]; values: (number | null)[] } {
    const times: number[] = [];
    const values: (number | null)[] = [];
    const first = (this.#next + this.capacity - this.#size) % this.capacity;
    for (let i = 0; i < this.#size; i++) {
      const at = (first + i) % this.capacity;
      const ts = this.#ts[at]!;
      if (ts < from) continue;
      const value = this.#value[at]!;
      times.push(ts);
      values.push(Number.isNaN(value) ? null : value);
    }
    return { times, values };
  }
}
