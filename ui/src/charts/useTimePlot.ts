/** The state of a time chart: what is hidden and focused, the view, the cursor, and the plot that draws it. */

import { type RefObject, useMemo, useRef, useState } from "react";

import { tag, useLocale } from "../i18n";
import { alignColumns } from "./align";
import { cursorStore, type CursorStore } from "./cursor";
import { knownTimes, shortestStep, usualStep } from "./gaps";
import { stepAlong } from "./keys";
import { planChart } from "./plan";
import { lookIn, type Scene, seenGaps, seriesGaps } from "./scene";
import type { Look } from "./palette";
import { useTheme } from "./theme";
import type { Limit, Line, Marker, Span, TimeChartProps } from "./types";
import { placeCursor, usePlot } from "./usePlot";
import { useWidth } from "./useSize";
import { useView } from "./useView";
import { moved, selected, zoomed } from "./view";

const HEIGHT = 260;
const NO_MARKERS: readonly Marker[] = [];
const NO_LIMITS: readonly Limit[] = [];

/** Other stretches of time than what is seen. */
export interface Go {
  /** Seen `factor` times as long. */
  zoom: (factor: number) => void;
  /** Moved by a share of what is seen. */
  move: (share: number) => void;
  reset: () => void;
}

export interface TimePlot {
  host: RefObject<HTMLDivElement | null>;
  height: number;
  /** What was seen when the chart was rendered. */
  span: Span;
  /** Of the area that lines are drawn on, CSS pixels; 0 before the first drawing. */
  plotWidth: number;
  gaps: Span[];
  cursor: CursorStore;
  hidden: ReadonlySet<string>;
  leftOut: readonly number[];
  look: (line: number) => Look;
  toggle: (id: string) => void;
  focus: (id: string | undefined) => void;
  /** The same as long as the chart is there. */
  go: Go;
  canReset: boolean;
  /** A key; false where it moves nothing. */
  step: (key: string, shift: boolean) => boolean;
  /** No crosshair any more. */
  leave: () => void;
}

export function useTimePlot(props: TimeChartProps): TimePlot {
  const { times, zone, range, live = false, onZoom, height = HEIGHT, syncKey } = props;
  const lines = useSame(props.lines);
  const said = props.stepMs ?? 0;
  const steps = useMemo(() => lines.map((line) => (said > 0 ? usualStep(times, line.values, said) : 0)), [times, lines, said]);
  const stepMs = steps.length > 0 ? Math.min(...steps) : said;
  const { markers = NO_MARKERS, limits = NO_LIMITS } = props;
  useLocale();
  const locale = tag();
  const host = useRef<HTMLDivElement>(null);
  const theme = useTheme(host);
  const width = useWidth(host);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [focus, setFocus] = useState<string>();
  const [plotWidth, setPlotWidth] = useState(0);
  const [cursor] = useState(cursorStore);

  const plan = useMemo(() => planChart(lines), [lines]);
  const hasBars = plan.series.some((series) => series.kind === "bars");
  const barMs = useMemo(() => (said > 0 || !hasBars ? said : shortestStep(times)), [said, hasBars, times]);
  const view = useView({ range, times, stepMs: barMs, live, onZoom });
  const known = useMemo(() => {
    const shown = lines.filter((line) => !hidden.has(line.id));
    return knownTimes(times, (shown.length > 0 ? shown : lines).map((line) => line.values), stepMs);
  }, [times, lines, hidden, stepMs]);
  const columns = useMemo(() => alignColumns(plan, lines, hidden), [plan, lines, hidden]);
  const gaps = useMemo(() => seriesGaps({ plan, lines, times, steps }, columns), [plan, lines, times, steps, columns]);
  const scene = useMemo<Scene | undefined>(
    () => theme && { plan, lines, times, steps, gaps, stepMs, barMs, known, hidden, focus, markers, limits, theme, zone, locale, view: view.span, until: view.until },
    [plan, lines, times, steps, gaps, stepMs, barMs, known, hidden, focus, markers, limits, theme, zone, locale, view],
  );
  const seen = useRef(view);
  seen.current = view;
  const [go] = useState<Go>(() => ({
    zoom: (factor) => seen.current.zoom(zoomed(seen.current.span(), factor)),
    move: (share) => seen.current.zoom(moved(seen.current.span(), share)),
    reset: () => seen.current.reset(),
  }));
  const byKey = useRef(false);
  const reset = () => (view.zoomed ? view.reset() : view.zoom(zoomed(view.span(), 2)));
  const handlers = {
    select: ({ from, to }: Span) => {
      const span = selected(from, to);
      if (span !== undefined) view.zoom(span);
    },
    reset,
    drawn: setPlotWidth,
    cursor: (index: number | undefined) => cursor.set({ index, keyed: byKey.current && index !== undefined }),
  };
  const plot = usePlot({ host, scene, view, columns, width, height, syncKey, handlers });

  const place = (left: number, top: number) => {
    byKey.current = true;
    if (plot.current !== null) placeCursor(plot.current, left, top);
    byKey.current = false;
  };
  return {
    host,
    height,
    span: view.span(),
    plotWidth,
    gaps: useMemo(() => (scene === undefined ? [] : seenGaps(scene)), [scene]),
    cursor,
    hidden,
    leftOut: plan.leftOut,
    look: (line) => (scene === undefined ? { color: "--line-1", dash: [] } : lookIn(scene, line)),
    toggle: (id) => setHidden((before) => toggled(before, id)),
    focus: setFocus,
    go,
    canReset: view.zoomed && onZoom === undefined,
    step: (key, shift) => {
      const made = plot.current;
      const [first, last] = made?.series[0]?.idxs ?? [0, -1];
      const count = last - first + 1;
      const at = cursor.get().index ?? (key === "ArrowRight" || key === "Home" ? first - 1 : last + 1);
      const next = stepAlong({ key, shift }, at - first, count);
      if (made === null || next === undefined) return false;
      place(made.valToPos(times[first + next] as number, "x"), made.over.clientHeight / 2);
      return true;
    },
    leave: () => place(-10, -10),
  };
}

/** `lines` as they were at the last rendering, if they are equal: whoever moves the view only, and writes the lines anew, waits for nothing that is made of them. */
function useSame(lines: readonly Line[]): readonly Line[] {
  const last = useRef(lines);
  // What is kept is equal to what is given, so a rendering that is thrown away leaves nothing behind that could be seen.
  if (!equal(last.current, lines)) last.current = lines;
  return last.current;
}

function equal(a: readonly Line[], b: readonly Line[]): boolean {
  return a === b || (a.length === b.length && a.every((line, i) => alike(line, b[i] as Line)));
}

function alike(a: Line, b: Line): boolean {
  const names = Object.keys(a) as (keyof Line)[];
  return a === b || (names.length === Object.keys(b).length && names.every((name) => Object.is(a[name], b[name])));
}

function toggled(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(id)) after.add(id);
  return after;
}
