/** A canvas that is as sharp as the screen, painted anew when what it is painted by changes. */

import { type RefObject, useLayoutEffect } from "react";

/** Draws in CSS pixels; `ratio` is how many of the screen's make one. */
export type Painter = (context: CanvasRenderingContext2D, ratio: number) => void;

/** Sizes the canvas and paints it whole, when `paint` or the size is another one. */
export function useCanvas(canvas: RefObject<HTMLCanvasElement | null>, width: number, height: number, paint: Painter | undefined): void {
  useLayoutEffect(() => {
    if (canvas.current !== null && paint !== undefined && width > 0 && height > 0) paintWhole(canvas.current, width, height, paint);
  }, [canvas, width, height, paint]);
}

/** Sizes a canvas, clears it and paints it. Setting a size clears it, so it is set only where it is another one. */
export function paintWhole(canvas: HTMLCanvasElement, width: number, height: number, paint: Painter): void {
  const ratio = window.devicePixelRatio || 1;
  const context = canvas.getContext("2d");
  if (context === null) return;
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  paint(context, ratio);
}
