/** A line the size of a word: where a value comes from, beside it. */

import type { ReactNode } from "react";

import { fmt, t } from "../i18n";
import { isKnown } from "./gaps";
import css from "./Sparkline.module.css";
import { sparkPath, type SparkShape } from "./spark";
import type { Values } from "./types";
import { statsOf } from "./words";

export interface SparklineProps {
  /** Names it for screen readers. */
  label: string;
  values: Values;
  unit?: string | null | undefined;
  /** With `times`, values stand where their time is; a hole longer than 1.5 steps stays open. */
  times?: ArrayLike<number> | undefined;
  stepMs?: number | undefined;
  width?: number | undefined;
  height?: number | undefined;
  color?: string | undefined;
  /** Ends of the value axis; default: least and greatest value. */
  domain?: readonly [number, number] | undefined;
}

/** Room for the dot at the end, px. */
const DOT = 2.5;

export function Sparkline({ label, values, unit = null, times, stepMs, width = 120, height = 28, color = "--line-1", domain }: SparklineProps): ReactNode {
  const stats = statsOf(values);
  const shape: SparkShape = { width, height, pad: DOT + 0.5, domain, times, stepMs };
  const drawn = sparkPath(values, shape);
  const said =
    stats === undefined
      ? t("charts.summaryNothing", { line: label })
      : t("charts.summaryLine", { line: label, min: fmt.number(stats.min, unit), max: fmt.number(stats.max, unit), last: fmt.number(stats.last, unit) });
  const paint = color.startsWith("--") ? `var(${color})` : color;
  const isNewest = isKnown(values[values.length - 1]);
  return (
    <svg className={css["spark"]} width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={said}>
      {drawn === undefined ? (
        <line x1="0" x2={width} y1={height / 2} y2={height / 2} className={css["none"]} />
      ) : (
        <>
          <path d={drawn.line} stroke={paint} className={css["line"]} />
          <circle cx={drawn.x} cy={drawn.y} r={DOT} fill={isNewest ? paint : "var(--surface)"} stroke={paint} />
        </>
      )}
    </svg>
  );
}
