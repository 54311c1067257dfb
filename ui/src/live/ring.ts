/** A page may hear thousands of series of which most say little. */
const FIRST = 16;

/** The newest readings of one series, outside React: bounded memory that grows with use, no object per reading. */
export class Ring {
  #ts: Float64Array;
  #value: Float64Array;
  #next = 0;
  #size = 0;

  constructor(readonly capacity = 1_200) {
    this.#ts = new Float64Array(Math.min(FIRST, capacity));
    this.#value = new Float64Array(this.#ts.length);
  }

  get size(): number {
    return this.#size;
  }

  get newest(): number {
    const room = this.#ts.length;
    return this.#size ? this.#ts[(this.#next + room - 1) % room]! : Number.NEGATIVE_INFINITY;
  }

  get value(): number | null {
    if (!this.#size) return null;
    const room = this.#value.length;
    const value = this.#value[(this.#next + room - 1) % room]!;
    return Number.isNaN(value) ? null : value;
  }

  /** Take a reading in; false when it is not newer than the newest, as after a resume that repeats itself. */
  push(ts: number, value: number | null): boolean {
    if (ts <= this.newest) return false;
    if (this.#size === this.#ts.length && this.#size < this.capacity) this.#grow();
    const room = this.#ts.length;
    this.#ts[this.#next] = ts;
    this.#value[this.#next] = value ?? Number.NaN;
    this.#next = (this.#next + 1) % room;
    this.#size = Math.min(this.#size + 1, room);
    return true;
  }

  /** Twice the room. A ring that grows was never overwritten, so its oldest reading is the first. */
  #grow(): void {
    const room = Math.min(this.#size * 2, this.capacity);
    const [ts, value] = [new Float64Array(room), new Float64Array(room)];
    ts.set(this.#ts);
    value.set(this.#value);
    [this.#ts, this.#value, this.#next] = [ts, value, this.#size];
  }

  /** The readings from `from` (ms) on, oldest first. */
  since(from: number): { times: number[]; values: (number | null)[] } {
    const times: number[] = [];
    const values: (number | null)[] = [];
    const room = this.#ts.length;
    const first = (this.#next + room - this.#size) % room;
    for (let i = 0; i < this.#size; i++) {
      const at = (first + i) % room;
      const ts = this.#ts[at]!;
      if (ts < from) continue;
      const value = this.#value[at]!;
      times.push(ts);
      values.push(Number.isNaN(value) ? null : value);
    }
    return { times, values };
  }
}
