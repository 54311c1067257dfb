/** What a plot shows at the moment: read by its callbacks at each drawing, so that new data never build the plot anew. */

import type { Column } from "./align";
import { emptySpans, type Known, lineGaps } from "./gaps";
import { lookOf, type Look } from "./palette";
import type { Plan } from "./plan";
import type { Theme } from "./theme";
import type { Limit, Line, Marker, Span } from "./types";

export interface Scene {
  plan: Plan;
  lines: readonly Line[];
  times: ArrayLike<number>;
  /** What a value of each line stands for, see `usualStep`. 0 where nobody knows it: then only nulls are gaps. */
  steps: readonly number[];
  /** The shortest of them. */
  stepMs: number;
  /** How long a bar stands for. */
  barMs: number;
  /** By planned series, see `seriesGaps`. */
  gaps: readonly number[][];
  /** When any line that is shown has values. */
  known: Known;
  hidden: ReadonlySet<string>;
  /** The line that stands out while the others are faded. */
  focus: string | undefined;
  markers: readonly Marker[];
  limits: readonly Limit[];
  theme: Theme;
  zone: string;
  locale: string;
  /** What is seen now. */
  view: () => Span;
  /** Up to here values could be there already, epoch ms. */
  until: () => number;
}

/** The look of a line of a scene. */
export function lookIn(scene: Scene, index: number): Look {
  const line = scene.lines[index];
  return lookOf(index, { color: line?.color, estimated: line?.estimated, distinct: scene.theme.forced });
}

/** The colour of a line; faded where another one has the focus. */
export function colorIn(scene: Scene, index: number): string {
  return scene.theme.paint(lookIn(scene, index).color);
}

/** 1, or less for the lines beside the one that has the focus. */
export function emphasis(scene: Scene, index: number): number {
  return scene.focus === undefined || scene.focus === scene.lines[index]?.id ? 1 : 0.2;
}

/**
 * The gaps of each planned series: flat pairs of times, see `lineGaps`. Those of steps begin where the last step ends,
 * and a stack has some where it is nothing.
 */
export function seriesGaps({ plan, lines, times, steps }: Pick<Scene, "plan" | "lines" | "times" | "steps">, columns: readonly Column[]): number[][] {
  const ofLine = new Map<number, number[]>();
  return plan.series.map(({ line, kind }, i) => {
    let gaps = ofLine.get(line);
    if (gaps === undefined) {
      const stepMs = steps[line] ?? 0;
      gaps = lineGaps(times, (kind === "stack" ? columns[i] : lines[line]?.values) ?? [], stepMs);
      if (kind === "step") gaps = gaps.map((time, i) => (i % 2 === 0 ? time + stepMs : time));
      ofLine.set(line, gaps);
    }
    return gaps;
  });
}

/** Where nothing is known, of what is seen. Without a step nobody can tell. */
export function seenGaps(scene: Scene): Span[] {
  if (scene.stepMs <= 0) return [];
  return scene.lines.length === 0 ? [] : emptySpans(scene.known, scene.stepMs, scene.view(), scene.until());
}
