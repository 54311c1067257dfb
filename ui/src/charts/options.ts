/** The plot of a plan, as uPlot wants it described. Whatever may change is read from the scene at each drawing. */

import uPlot from "uplot";

import { fmt } from "../i18n";
import { axisUnit } from "./axisUnit";
import { drawGaps, drawOverlay, drawUnits, reach, scaleOfLimit } from "./draw";
import { barPaths, linePaths } from "./paths";
import type { PlannedScale, PlannedSeries } from "./plan";
import { colorIn, emphasis, lookIn, type Scene } from "./scene";
import { tickLabels } from "./ticks";
import { faded } from "./theme";
import type { Span } from "./types";
import { edgeValues, extremes, tickDigits, yRange } from "./yscale";

export interface Handlers {
  /** A stretch was drawn with the pointer. */
  select: (span: Span) => void;
  reset: () => void;
  /** The lines were drawn, on an area so many CSS pixels wide. */
  drawn: (width: number) => void;
  /** The crosshair is at this index, or nowhere. */
  cursor: (index: number | undefined) => void;
}

export interface Frame {
  width: number;
  height: number;
  syncKey: string | undefined;
}

/** CSS pixels: a plot that is lower is a small one. */
const LOW_PX = 120;
const POINT = 7;
/** CSS pixels that a digit of a tick takes. */
const DIGIT = 7;

export function plotOptions(scene: () => Scene, frame: Frame, handlers: Handlers): uPlot.Options {
  const { plan, theme } = scene();
  return {
    width: frame.width,
    height: frame.height,
    ms: 1,
    pxAlign: 1,
    padding: [plan.scales.some((scale) => scale.unit !== null) ? 24 : 10, plan.scales.length > 1 ? 0 : 22, 0, 0],
    legend: { show: false },
    tzDate: (time) => uPlot.tzDate(new Date(time), scene().zone),
    scales: { x: { time: true, range: () => bounds(scene().view()) }, ...Object.fromEntries(plan.scales.map((scale) => [scale.key, yScale(scene, scale)])) },
    axes: [timeAxis(scene), ...plan.scales.map((scale, i) => valueAxis(scene, scale, i))],
    series: [{}, ...plan.series.map((series, i) => seriesOptions(scene, series, i))],
    bands: plan.bands.map(({ line, high, low }) => ({
      series: [high, low],
      fill: () => faded(colorIn(scene(), line), (plan.series[high - 1]?.kind === "stack" ? 0.55 : 0.18) * emphasis(scene(), line)),
    })),
    cursor: cursorOptions(scene, frame, handlers, theme.contrast),
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    hooks: {
      drawClear: [(plot) => thinDense(plot, scene()), (plot) => drawGaps(plot, scene())],
      draw: [(plot) => drawOverlay(plot, scene()), (plot) => drawUnits(plot, scene()), (plot) => handlers.drawn(plot.bbox.width / uPlot.pxRatio)],
      setCursor: [(plot) => handlers.cursor(plot.cursor.idx ?? undefined)],
      setSelect: [(plot) => selectedWith(plot, handlers)],
    },
  };
}

/** Lines of more than so many points per pixel are drawn as thin as the screen can: they are an area, and wide strokes are slow. */
const DENSE = 1.5;

function thinDense(plot: uPlot, { plan, theme }: Scene): void {
  const [first, last] = plot.series[0]?.idxs ?? [0, 0];
  const isDense = (last - first) / Math.max(1, plot.bbox.width) > DENSE;
  plan.series.forEach(({ role, kind }, i) => {
    const series = plot.series[i + 1];
    if (series !== undefined && role === "value" && kind !== "bars") series.width = isDense ? 1 / uPlot.pxRatio : strokeOf(theme.contrast);
  });
}

function strokeOf(contrast: boolean): number {
  return contrast ? 2.5 : 1.6;
}

function yScale(scene: () => Scene, { key, zero }: PlannedScale): uPlot.Scale {
  return {
    range: (plot) => {
      const now = scene();
      const view = now.view();
      const shown = now.limits.filter((limit) => scaleOfLimit(now, limit) === key).map((limit) => limit.value);
      const [first, last] = plot.series[0]?.idxs ?? [];
      now.plan.series.forEach(({ scale, kind }, i) => {
        const [times, values] = [plot.data[0], plot.data[i + 1]];
        if (scale !== key || plot.series[i + 1]?.show === false || values === undefined) return;
        shown.push(...extremes(values, first ?? 0, last ?? -1));
        if (kind !== "bars") shown.push(...edgeValues(times, values, view, kind === "step"));
      });
      return yRange(shown, zero);
    },
  };
}

function timeAxis(scene: () => Scene): uPlot.Axis {
  return {
    ...inked(scene),
    space: 72,
    size: 44,
    values: (_, ticks, __, ___, step) => tickLabels(ticks, step, scene().zone, scene().locale),
  };
}

function valueAxis(scene: () => Scene, { key, side, unit }: PlannedScale, index: number): uPlot.Axis {
  const axis = inked(scene);
  return {
    ...axis,
    scale: key,
    side: side === "left" ? 3 : 1,
    // Small charts have their ticks closer: with one of them nobody can tell how steep a line is.
    space: (_, __, ___, ____, height) => (height < LOW_PX ? 22 : 34),
    size: (_, labels) => Math.max(40, 16 + DIGIT * Math.max(0, ...(labels ?? []).map((label) => label.length))),
    // Two grids on one chart would fight each other.
    grid: { ...axis.grid, show: index === 0 },
    values: (plot, ticks, __, ___, step) => {
      const { factor } = axisUnit(reach(plot, key), unit);
      const digits = tickDigits(step / factor);
      return ticks.map((tick) => fmt.fixed(tick / factor, null, digits));
    },
  };
}

function inked(scene: () => Scene): uPlot.Axis {
  const ink = () => scene().theme.paint("--chart-ink");
  const grid = () => scene().theme.paint("--chart-grid");
  return {
    stroke: ink,
    font: scene().theme.font.replace(/^[\d.]+px/, "12px"),
    gap: 6,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
  };
}

function seriesOptions(scene: () => Scene, series: PlannedSeries, index: number): uPlot.Series {
  const { line, kind, role, scale } = series;
  const color = () => faded(colorIn(scene(), line), emphasis(scene(), line));
  const edge = role !== "value";
  const common: uPlot.Series = {
    scale,
    auto: false, // its scale finds its ends itself
    show: !scene().hidden.has(scene().lines[line]?.id ?? ""),
    spanGaps: false,
    // A line needs two points: one alone is drawn as a dot.
    points: { show: edge || kind === "bars" ? false : (_plot, _series, first, last) => first === last, size: 5, fill: color },
    ...(scene().stepMs > 0 && kind !== "bars" ? { gaps: (plot) => gapsInPixels(plot, scene().gaps[index] ?? []) } : {}),
  };
  if (kind === "bars") return { ...common, width: 0, fill: () => faded(color(), 0.85), paths: barPaths(() => scene().barMs, placeOfBars(scene)) };
  const isPlain = role === "value" && scene().stepMs > 0;
  const paths = kind === "step" ? uPlot.paths.stepped?.({ align: 1 }) : isPlain ? linePaths() : uPlot.paths.linear?.();
  const look = lookIn(scene(), line);
  const width = edge ? (kind === "stack" ? 1 : 0) : strokeOf(scene().theme.contrast);
  return { ...common, width, stroke: width > 0 ? color : "transparent", dash: edge ? [] : [...look.dash], ...(paths ? { paths } : {}) };
}

/** Which of the shown bars of a chart a series is. */
function placeOfBars(scene: () => Scene): (series: number) => { index: number; count: number } {
  return (series) => {
    const { plan, lines, hidden } = scene();
    const bars = plan.series.flatMap((s, i) => (s.kind === "bars" && s.role === "value" && !hidden.has(lines[s.line]?.id ?? "") ? [i + 1] : []));
    return { index: Math.max(0, bars.indexOf(series)), count: Math.max(1, bars.length) };
  };
}

function gapsInPixels(plot: uPlot, gaps: readonly number[]): uPlot.Series.Gaps {
  const pixels: uPlot.Series.Gaps = [];
  const { min = 0, max = 0 } = plot.scales["x"] ?? {};
  for (let i = 0; i < gaps.length; i += 2) {
    const from = gaps[i] as number;
    const to = gaps[i + 1] as number;
    if (to < (min ?? 0) || from > (max ?? 0)) continue;
    pixels.push([Math.round(plot.valToPos(from, "x", true)), Math.round(plot.valToPos(to, "x", true))]);
  }
  return pixels;
}

function cursorOptions(scene: () => Scene, frame: Frame, handlers: Handlers, contrast: boolean): uPlot.Cursor {
  const seriesAt = (index: number) => scene().plan.series[index - 1];
  const isPoint = (index: number) => seriesAt(index)?.role === "value" && seriesAt(index)?.kind !== "bars";
  return {
    y: false,
    drag: { x: true, y: false, setScale: false, dist: 5 },
    points: {
      size: (_, index) => (isPoint(index) ? POINT + (contrast ? 2 : 0) : 0),
      width: () => 0,
      fill: (_, index) => colorIn(scene(), seriesAt(index)?.line ?? 0),
      stroke: () => "transparent",
    },
    bind: {
      dblclick: () => () => {
        handlers.reset();
        return null;
      },
    },
    // Only the crosshair is shared: a stretch that is drawn on one chart is told to all by whoever owns the range.
    ...(frame.syncKey === undefined ? {} : { sync: { key: frame.syncKey, scales: ["x", null], setSeries: false, filters: { pub: shared, sub: shared } } }),
  };
}

function shared(type: string): boolean {
  return type === "mousemove" || type === "mouseleave" || type === "mouseenter";
}

function selectedWith(plot: uPlot, handlers: Handlers): void {
  const { left, width } = plot.select;
  if (width <= 0) return;
  const from = plot.posToVal(left, "x");
  const to = plot.posToVal(left + width, "x");
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  handlers.select({ from, to });
}

function bounds(span: Span): [number, number] {
  return [span.from, span.to];
}
