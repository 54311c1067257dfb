/** Time from a change of data to pixels on the canvas. */

import type { ReactNode } from "react";
import { flushSync } from "react-dom";
import type { Root } from "react-dom/client";

/** Milliseconds: as they pass, and of them those that the page's thread computed. The second are NaN where nobody tells them. */
export interface Took {
  readonly wall: number;
  readonly cpu: number;
}

declare global {
  interface Window {
    /** Milliseconds that the page's thread has computed so far: a page cannot know, who drives the browser can. */
    __threadMs?: () => Promise<number>;
  }
}

const computed = async () => (await window.__threadMs?.()) ?? Number.NaN;

/** Renders, lets the microtasks of the charts draw, and reads a pixel of each canvas back, so that nothing is left to do. */
export async function drawn(root: Root, what: ReactNode, stage: HTMLElement): Promise<Took> {
  const before = await computed();
  const start = performance.now();
  flushSync(() => root.render(what));
  await Promise.resolve();
  await Promise.resolve();
  for (const canvas of stage.querySelectorAll("canvas")) canvas.getContext("2d")?.getImageData(0, 0, 1, 1);
  const wall = performance.now() - start;
  return { wall, cpu: (await computed()) - before };
}

/** Lets the browser show a frame. */
export function frame(): Promise<void> {
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
}

/** The value that `share` of the samples do not exceed. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
