/**
 * How fast the charts are: 100,000 readings drawn, moved and streamed, twelve charts at once, ten thousand tiles. It writes its numbers
 * to `window.__bench`: ms by name, `done` when all are there, `error` when one could not be measured.
 */

import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";

import { type Line, TimeChart, Tiles } from "../src/charts";
import "../src/style/base.css";
import "../src/style/tokens.css";
import { changed, fleet, later, randomFrom, type Walk, walk } from "./data";
import { drawn, frame, quantile } from "./measure";

interface Bench {
  done: boolean;
  error?: string;
  /** Milliseconds by what was measured. */
  numbers: Record<string, number>;
}

declare global {
  interface Window {
    __bench: Bench;
  }
}

const POINTS = 100_000;
const STEP = 1_000;
const FRAMES = 100;
const MOUNTS = 7;
const WIDTH = 1_200;
const HEIGHT = 400;
const TILES = 10_000;

const stage = document.getElementById("stage") as HTMLElement;
const shown = document.getElementById("numbers") as HTMLElement;
const bench: Bench = { done: false, numbers: {} };
window.__bench = bench;

function note(name: string, ms: number): void {
  bench.numbers[name] = Math.round(ms * 100) / 100;
  shown.textContent = Object.entries(bench.numbers)
    .map(([one, value]) => `${one.padEnd(28)} ${value.toFixed(2)} ms`)
    .join("\n");
}

function chart(data: Walk, more: { from: number; to: number } | undefined = undefined, height = HEIGHT): ReactNode {
  const lines: Line[] = [{ id: "power", label: "Power", unit: "W", values: data.values }];
  return <TimeChart title="Power" times={data.times} lines={lines} zone="UTC" stepMs={STEP} height={height} range={more} />;
}

/** First drawings, each on a page of its own. */
async function mounts(name: string, what: () => ReactNode): Promise<void> {
  const samples: number[] = [];
  for (let i = 0; i < MOUNTS; i++) {
    const root = createRoot(stage);
    samples.push(await drawn(root, what(), stage));
    root.unmount();
    await frame();
  }
  // The first one compiles and fetches; what users see again and again is the median, what they see once the first.
  note(`${name}.first`, samples[0] ?? Number.NaN);
  note(`${name}.median`, quantile(samples, 0.5));
}

/** Drawings that follow each other in one place. */
async function frames(name: string, next: (i: number) => ReactNode): Promise<void> {
  const root = createRoot(stage);
  await drawn(root, next(0), stage);
  await frame();
  const samples: number[] = [];
  for (let i = 1; i <= FRAMES; i++) {
    samples.push(await drawn(root, next(i), stage));
    await frame();
  }
  root.unmount();
  note(`${name}.p50`, quantile(samples, 0.5));
  note(`${name}.p95`, quantile(samples, 0.95));
}

async function oneChart(): Promise<void> {
  const data = walk(POINTS, STEP, 1);
  const first = data.times[0] as number;
  const half = (POINTS * STEP) / 2;
  await mounts("draw100k", () => chart(data));
  // Half of the readings are in view; each frame moves it by half a per cent.
  await frames("pan100k", (i) => chart(data, { from: first + (i * half) / 200, to: first + half + (i * half) / 200 }));
  const random = randomFrom(2);
  let now = data;
  await frames("stream100k", () => chart((now = later(now, 10, STEP, random))));
}

async function dashboard(): Promise<void> {
  const all = Array.from({ length: 12 }, (_, i) => walk(2_400, STEP, i + 10));
  const random = randomFrom(3);
  let now = all;
  const page = () => {
    now = now.map((data) => later(data, 1, STEP, random));
    return (
      <div style={{ display: "grid", gridTemplateColumns: "repeat(3, 1fr)" }}>
        {now.map((data, i) => (
          <div key={i}>{chart(data, undefined, 160)}</div>
        ))}
      </div>
    );
  };
  await frames("stream12charts", page);
}

async function tenThousand(): Promise<void> {
  const tiles = fleet(TILES, 5);
  await mounts("tiles10k", () => <Tiles title="Fleet" tiles={tiles} maxHeight={4_000} />);
  const random = randomFrom(6);
  let now = tiles;
  // Two per cent of a fleet that reports every 5 s, at 10 Hz.
  await frames("tiles10kUpdate", () => <Tiles title="Fleet" tiles={(now = changed(now, 0.02, random))} maxHeight={4_000} />);
}

async function run(): Promise<void> {
  stage.style.width = `${WIDTH}px`;
  try {
    await oneChart();
    await dashboard();
    await tenThousand();
  } catch (error) {
    bench.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
    shown.textContent += `\n${bench.error}`;
  }
  bench.done = true;
}

void run();
