/** One timer per pace for the whole tab: ages, countdowns and live ranges all move by it, and rest in a hidden tab. */
import { useSyncExternalStore } from "react";

class Pace {
  readonly #step: number;
  readonly #listeners = new Set<() => void>();
  #now: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(step: number) {
    this.#step = step;
    this.#now = this.#read();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      document.addEventListener("visibilitychange", this.#tick);
      this.#tick();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) {
        document.removeEventListener("visibilitychange", this.#tick);
        clearTimeout(this.#timer);
      }
    };
  };

  readonly now = (): number => {
    // While nobody listens nothing moves it, and the first render must not show an old time.
    if (this.#listeners.size === 0) this.#now = this.#read();
    return this.#now;
  };

  #read(): number {
    return Math.floor(Date.now() / this.#step) * this.#step;
  }

  readonly #tick = (): void => {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    const now = this.#read();
    if (now !== this.#now) {
      this.#now = now;
      for (const listener of this.#listeners) listener();
    }
    this.#timer = setTimeout(this.#tick, this.#step - (Date.now() % this.#step) + 1);
  };
}

const paces = new Map<number, Pace>();

/** The time in epoch ms, rounded down to whole steps of `stepMs`; renders again when it moves on. */
export function useNow(stepMs: number): number {
  let pace = paces.get(stepMs);
  if (pace === undefined) {
    pace = new Pace(stepMs);
    paces.set(stepMs, pace);
  }
  return useSyncExternalStore(pace.subscribe, pace.now);
}
