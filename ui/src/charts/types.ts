/** What the charts are given. Times are epoch milliseconds, values are in the line's unit. */

import type { Question } from "./copyAs";

export type Values = ArrayLike<number | null | undefined>;

export type LineKind = "line" | "step" | "bars" | "stack";

/** One line of a chart; its values are as many as the chart's times, null (or NaN) where there is none. */
export interface Line {
  id: string;
  label: string;
  /** Lines of one unit share a y-scale. */
  unit: string | null;
  values: Values;
  /** With `high`: a band around the line, such as least and greatest, or P10 and P90. */
  low?: Values | undefined;
  high?: Values | undefined;
  /**
   * `step` and `bars` hold from their time for one step; `stack` lies on the stacks before it, above zero or
   * below: what changes its sign is two lines, one of each sign. Default: line.
   */
  kind?: LineKind | undefined;
  /** A CSS colour or custom property (`--line-3`); default: by its place among the lines. */
  color?: string | undefined;
  /** Not measured but computed: dotted, and said so. */
  estimated?: boolean | undefined;
}

export interface Marker {
  ts: number;
  label: string;
  kind: "event" | "alarm" | "note";
}

export interface Limit {
  value: number;
  label: string;
  /** The scale it is drawn on. Default: that of the first line. */
  unit?: string | null | undefined;
}

/** How far what is drawn can be relied on, as the answer said it. */
export interface Truth {
  /** The coarsest rollup that was read, ms; 0 for readings. */
  tier?: number | undefined;
  downsampled?: boolean | undefined;
  /** 0 to 100: the share of the range in which values were known. */
  percentGood?: number | undefined;
  /** Everything acknowledged before this instant is in the answer. */
  asOf?: number | undefined;
}

/** A stretch of time, [from, to). */
export interface Span {
  from: number;
  to: number;
}

export interface TimeChartProps {
  title: string;
  /** Ascending. */
  times: ArrayLike<number>;
  lines: readonly Line[];
  /** IANA zone of the axis and of every time that is shown. */
  zone: string;
  /** Of the plot, CSS pixels. Default 260. */
  height?: number | undefined;
  /** How far apart values are: a hole longer than 1.5 steps is a gap, which is shaded and never bridged. */
  stepMs?: number | undefined;
  /** What was asked for. Default: what the times span. */
  range?: Span | undefined;
  markers?: readonly Marker[] | undefined;
  limits?: readonly Limit[] | undefined;
  /** Charts of one key share their crosshair. */
  syncKey?: string | undefined;
  /** Told of every zoom and move. Without it the chart keeps its own view. */
  onZoom?: ((from: number, to: number) => void) | undefined;
  /** The right edge moves on with time. */
  live?: boolean | undefined;
  truth?: Truth | undefined;
  /** What the chart shows, as a question: offers it as a file and as code. */
  exportAs?: Question | undefined;
}
