/** Trying again: only what may pass, as late as the server asks, with full jitter and within a budget. */

import { PASSING, Unavailable, retryAfter } from "./errors.js";

/** When a request is tried again. */
export interface Retry {
  /** Tries in all. */
  attempts: number;
  /** The first wait is drawn between 0 and this, seconds; it doubles with each try. */
  first: number;
  /** The greatest bound of a wait, seconds. */
  longest: number;
  /** Seconds of waiting in all; a Retry-After beyond it is not waited for. */
  patience: number;
}

export const RETRY: Retry = { attempts: 4, first: 0.25, longest: 10, patience: 30 };

/** Retries may be a tenth of the requests, and ten at once, so that clients do not bury a server that is coming back. */
export class Budget {
  #tokens = 10;

  earn(): void {
    this.#tokens = Math.min(10, this.#tokens + 0.1);
  }

  spend(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Seconds until the next try. */
export function backoff(retry: Retry, tries: number, asked: number | undefined, random: () => number): number {
  return (asked ?? 0) + random() * Math.min(retry.longest, retry.first * 2 ** Math.min(tries - 1, 30));
}

/** Ends early, without an error, when the signal aborts: the fetch after it then says so. */
export function sleep(seconds: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    signal?.addEventListener("abort", done);
    if (signal?.aborted) done();
  });
}

/** A fetch that tries again. The answer to the last try is returned whatever it is; no answer at all is `Unavailable`. */
export function retrying(inner: typeof fetch, retry: Retry, random: () => number = Math.random): typeof fetch {
  const budget = new Budget();
  return async (input, init) => {
    budget.earn();
    const request = new Request(input, init);
    for (let tries = 1, waited = 0; ; tries++) {
      let answer: Response | undefined;
      let failure: unknown;
      try {
        answer = await inner(request.clone());
        if (!PASSING.has(answer.status)) return answer;
      } catch (error) {
        if (request.signal.aborted) throw error;
        failure = error;
      }
      const pause = backoff(retry, tries, answer && (await asked(answer)), random);
      if (tries >= retry.attempts || waited + pause > retry.patience || !budget.spend()) {
        if (answer) return answer;
        throw new Unavailable(`${request.url} did not answer: ${String(failure)}`, undefined);
      }
      await answer?.body?.cancel();
      await sleep(pause, request.signal);
      waited += pause;
    }
  };
}

async function asked(answer: Response): Promise<number | undefined> {
  const problem: unknown = await answer
    .clone()
    .json()
    .catch(() => ({}));
  return retryAfter(answer, typeof problem === "object" && problem !== null ? problem : {});
}
