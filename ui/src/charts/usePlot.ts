/** One uPlot for one structure: built once, then given data, views, sizes and colours as they come. */

import { type RefObject, useLayoutEffect, useRef } from "react";
import uPlot from "uplot";

import type { Column } from "./align";
import { type Handlers, plotOptions } from "./options";
import type { Scene } from "./scene";
import { useReducedMotion } from "./useReducedMotion";
import type { View } from "./useView";

export interface PlotWish {
  host: RefObject<HTMLElement | null>;
  /** Undefined until the colours are known. */
  scene: Scene | undefined;
  view: View;
  columns: readonly Column[];
  width: number;
  height: number;
  syncKey: string | undefined;
  handlers: Handlers;
}

/** A moving edge is drawn at most so often, ms; seldom for those who want no motion. */
const TICK = 100;
const CALM_TICK = 1_000;

/** The plot; null while there is none. */
export function usePlot(wish: PlotWish): RefObject<uPlot | null> {
  const { host, scene, view, columns, width, height, syncKey } = wish;
  const plot = useRef<uPlot | null>(null);
  const now = useRef(wish);
  now.current = wish;
  const isNew = useRef(false);
  const calm = useReducedMotion();

  const ready = scene !== undefined && width > 0;
  const structure = ready ? JSON.stringify([scene.plan.signature, scene.theme.forced, scene.theme.contrast, scene.stepMs > 0, syncKey]) : undefined;
  useLayoutEffect(() => {
    if (structure === undefined || host.current === null) return;
    const current = () => now.current.scene as Scene;
    const { width, height, syncKey } = now.current;
    const handlers: Handlers = {
      select: (span) => now.current.handlers.select(span),
      reset: () => now.current.handlers.reset(),
      drawn: (wide) => now.current.handlers.drawn(wide),
      cursor: (index) => now.current.handlers.cursor(index),
    };
    const made = new uPlot(plotOptions(current, { width, height, syncKey }, handlers), dataOf(now.current), host.current);
    plot.current = made;
    isNew.current = true;
    const stop = followTouch(made);
    return () => {
      stop();
      made.destroy();
      plot.current = null;
    };
  }, [structure, host]);

  useLayoutEffect(() => {
    if (isNew.current) isNew.current = false;
    else if (plot.current !== null) redraw(plot.current, now.current);
  }, [structure, scene, columns, view]);

  useLayoutEffect(() => {
    const made = plot.current;
    if (made !== null && (made.width !== width || made.height !== height)) made.setSize({ width, height });
  }, [structure, width, height]);

  useLayoutEffect(() => {
    if (!view.follows || structure === undefined) return;
    const pixel = view.length / Math.max(1, width);
    const timer = setInterval(() => showView(plot.current, view), Math.max(calm ? CALM_TICK : TICK, Math.min(pixel, 10_000)));
    return () => clearInterval(timer);
  }, [structure, view, width, calm]);
  return plot;
}

/** Puts the crosshair somewhere, here and on the charts that share it. */
export function placeCursor(plot: uPlot, left: number, top: number): void {
  // The third argument tells the others; uPlot's types leave it out.
  const setCursor: (at: { left: number; top: number }, fire: boolean, publish: boolean) => void = plot.setCursor;
  setCursor({ left, top }, true, true);
}

function dataOf({ scene, columns }: PlotWish): uPlot.AlignedData {
  // uPlot reads by index only; its types name arrays where any list would do.
  return [scene?.times ?? [], ...columns] as uPlot.AlignedData;
}

function redraw(plot: uPlot, wish: PlotWish): void {
  const { scene, view } = wish;
  if (scene === undefined) return;
  const data = dataOf(wish);
  plot.batch(() => {
    scene.plan.series.forEach(({ line }, i) => {
      const show = !scene.hidden.has(scene.lines[line]?.id ?? "");
      if (plot.series[i + 1]?.show !== show) plot.setSeries(i + 1, { show }, false);
    });
    if (data.some((column, i) => column !== plot.data[i])) plot.setData(data, false);
    showView(plot, view);
  });
}

/** Sets the scale even where it is the same: it makes uPlot range its values anew. */
function showView(plot: uPlot | null, view: View): void {
  const { from, to } = view.span();
  plot?.setScale("x", { min: from, max: to });
}

/** A finger moves the crosshair as a pointer does; up and down it scrolls the page. */
function followTouch(plot: uPlot): () => void {
  const follow = (event: PointerEvent) => {
    if (event.pointerType !== "touch") return;
    const { left, top } = plot.over.getBoundingClientRect();
    placeCursor(plot, event.clientX - left, event.clientY - top);
  };
  plot.over.addEventListener("pointerdown", follow);
  plot.over.addEventListener("pointermove", follow);
  return () => {
    plot.over.removeEventListener("pointerdown", follow);
    plot.over.removeEventListener("pointermove", follow);
  };
}
