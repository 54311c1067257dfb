/** Which stretch of time a chart shows: what was asked for, what the user zoomed to, or the moving present. */

import { useLayoutEffect, useMemo, useRef, useState } from "react";

import type { Span } from "./types";
import { extent, sameSpan } from "./view";

export interface ViewWish {
  range: Span | undefined;
  times: ArrayLike<number>;
  stepMs: number;
  live: boolean;
  onZoom: ((from: number, to: number) => void) | undefined;
}

export interface View {
  /** What is seen at this moment. */
  span: () => Span;
  /** How long that is; it changes with the range and the zoom, not with time. */
  length: number;
  /** Up to here values could be there, epoch ms. */
  until: () => number;
  /** The right edge moves on by itself. */
  follows: boolean;
  zoomed: boolean;
  zoom: (span: Span) => void;
  reset: () => void;
}

const NOTHING: Span = { from: 0, to: 60_000 };

export function useView({ range, times, stepMs, live, onZoom }: ViewWish): View {
  const asked = range ?? extent(times, stepMs) ?? NOTHING;
  const [own, setOwn] = useState<{ span: Span; over: Span | undefined }>();
  // A new range is the answer to a zoom, or a wish for something else: either way the zoom has had its day.
  const zoom = own !== undefined && sameSpan(own.over, range) ? own.span : undefined;
  const edge = useEdge(times);
  const follows = live && zoom === undefined;
  const { from, to } = zoom ?? asked;
  return useMemo(() => {
    const length = to - from;
    const moving = (): Span => {
      const right = Math.round(edge.now());
      return { from: right - length, to: right };
    };
    return {
      span: follows ? moving : () => ({ from, to }),
      length,
      until: live ? edge.now : () => (range === undefined ? to : Math.min(to, Date.now())),
      follows,
      zoomed: zoom !== undefined,
      zoom: (span: Span) => {
        setOwn({ span, over: range });
        onZoom?.(span.from, span.to);
      },
      reset: () => setOwn(undefined),
    };
    // The range is compared by its ends: it is often made anew.
  }, [from, to, follows, live, zoom === undefined, range?.from, range?.to, onZoom, edge]);
}

interface Edge {
  now: () => number;
}

/**
 * The moving present, by the clock of whoever sends: the newest time that was seen, and what has passed since. The quickest
 * value to arrive sets it, so it runs evenly however unevenly the others come.
 */
function useEdge(times: ArrayLike<number>): Edge {
  const ahead = useRef(Number.NEGATIVE_INFINITY);
  const last = times[times.length - 1];
  useLayoutEffect(() => {
    if (last !== undefined) ahead.current = Math.max(ahead.current, last - performance.now());
  }, [last]);
  return useMemo(() => ({ now: () => (Number.isFinite(ahead.current) ? performance.now() + ahead.current : Date.now()) }), []);
}
