/**
 * How fast the charts are: 100,000 readings drawn, moved and streamed, twelve charts at once, ten thousand tiles. Once all is
 * measured the numbers are in `window.__bench`.
 */

import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";

import { type Line, TimeChart, Tiles } from "../src/charts";
import "../src/style/base.css";
import "../src/style/tokens.css";
import { changed, fleet, later, randomFrom, type Walk, walk } from "./data";
import { drawn, frame, quantile, type Took } from "./measure";

/** What every round took, by what was measured. */
type Bench = Record<"draw" | "pan" | "stream" | "dashboard" | "tiles" | "tilesUpdate", Took[]>;

declare global {
  interface Window {
    __bench?: Bench;
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

/** The numbers in words. The first drawing compiles; what users meet again and again is the median. */
function show(name: string, took: readonly Took[]): void {
  const samples = took.map(({ wall }) => wall);
  const [first = Number.NaN] = samples;
  const parts = [`first ${first.toFixed(1)}`, `median ${quantile(samples, 0.5).toFixed(1)}`, `p95 ${quantile(samples, 0.95).toFixed(1)}`];
  shown.textContent += `${name.padEnd(14)} ${parts.join("   ")} ms\n`;
}

function chart(data: Walk, more: { from: number; to: number } | undefined = undefined, height = HEIGHT): ReactNode {
  const lines: Line[] = [{ id: "power", label: "Power", unit: "W", values: data.values }];
  return <TimeChart title="Power" times={data.times} lines={lines} zone="UTC" stepMs={STEP} height={height} range={more} />;
}

/** First drawings, each on a page of its own. */
async function mounts(name: string, what: () => ReactNode): Promise<Took[]> {
  const samples: Took[] = [];
  for (let i = 0; i < MOUNTS; i++) {
    const root = createRoot(stage);
    samples.push(await drawn(root, what(), stage));
    root.unmount();
    await frame();
  }
  show(name, samples);
  return samples;
}

/** Drawings that follow each other in one place. */
async function frames(name: string, next: (i: number) => ReactNode): Promise<Took[]> {
  const root = createRoot(stage);
  await drawn(root, next(0), stage);
  await frame();
  const samples: Took[] = [];
  for (let i = 1; i <= FRAMES; i++) {
    samples.push(await drawn(root, next(i), stage));
    await frame();
  }
  root.unmount();
  show(name, samples);
  return samples;
}

async function oneChart(): Promise<Pick<Bench, "draw" | "pan" | "stream">> {
  const data = walk(POINTS, STEP, 1);
  const first = data.times[0] as number;
  const half = (POINTS * STEP) / 2;
  const draw = await mounts("draw", () => chart(data));
  // Half of the readings are in view; each frame moves it by half a per cent.
  const pan = await frames("pan", (i) => chart(data, { from: first + (i * half) / 200, to: first + half + (i * half) / 200 }));
  const random = randomFrom(2);
  let now = data;
  const stream = await frames("stream", () => chart((now = later(now, 10, STEP, random))));
  return { draw, pan, stream };
}

async function dashboard(): Promise<Took[]> {
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
  return frames("dashboard", page);
}

async function tenThousand(): Promise<Pick<Bench, "tiles" | "tilesUpdate">> {
  const tiles = fleet(TILES, 5);
  const first = await mounts("tiles", () => <Tiles title="Fleet" tiles={tiles} maxHeight={4_000} />);
  const random = randomFrom(6);
  let now = tiles;
  // Two per cent of a fleet that reports every 5 s, at 10 Hz.
  const tilesUpdate = await frames("tilesUpdate", () => <Tiles title="Fleet" tiles={(now = changed(now, 0.02, random))} maxHeight={4_000} />);
  return { tiles: first, tilesUpdate };
}

async function run(): Promise<void> {
  stage.style.width = `${WIDTH}px`;
  window.__bench = { ...(await oneChart()), dashboard: await dashboard(), ...(await tenThousand()) };
}

void run();
