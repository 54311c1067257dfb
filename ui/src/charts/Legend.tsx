/** The lines of a chart by name, with what they are at the crosshair, or were last. Each is a switch. */

import { useMemo, type ReactNode } from "react";

import { fmt, t } from "../i18n";
import { useCursor } from "./cursor";
import css from "./Legend.module.css";
import type { Line } from "./types";
import type { TimePlot } from "./useTimePlot";
import { digitsByUnit, statsOf, valueText } from "./words";

export interface InstantProps {
  plot: TimePlot;
  lines: readonly Line[];
  times: ArrayLike<number>;
  zone: string;
  /** Where there is no legend it says what the line is at the crosshair. */
  hasValue: boolean;
}

/** Of which instant the values in the legend are: the crosshair's, or the newest. */
export function Instant({ plot, lines, times, zone, hasValue }: InstantProps): ReactNode {
  const { index } = useCursor(plot.cursor);
  const at = times[index ?? Math.max(-1, ...lines.map((line) => statsOf(line.values)?.at ?? -1))];
  const [line] = lines;
  return (
    <span className={css["time"]}>
      {at !== undefined && t(index === undefined ? "charts.latest" : "charts.at", { time: fmt.time(at, zone, "second") })}
      {hasValue && line !== undefined && index !== undefined && <b> {valueText(line, index, digitsByUnit(lines)(line.unit))}</b>}
    </span>
  );
}

export function Legend({ plot, lines }: { plot: TimePlot; lines: readonly Line[] }): ReactNode {
  const { index } = useCursor(plot.cursor);
  const digits = useMemo(() => digitsByUnit(lines), [lines]);
  const ends = lines.map((line) => statsOf(line.values)?.at);
  return (
    <ul className={css["lines"]}>
      {lines.map((line, i) => (
        <li key={line.id}>
          {plot.leftOut.includes(i) ? (
            <span className={css["item"]}>
              {line.label} <i>{t("charts.leftOut", { unit: fmt.unit(line.unit) })}</i>
            </span>
          ) : (
            <button
              type="button"
              className={css["item"]}
              aria-pressed={!plot.hidden.has(line.id)}
              onClick={() => plot.toggle(line.id)}
              onPointerEnter={() => plot.focus(line.id)}
              onPointerLeave={() => plot.focus(undefined)}
              onFocus={() => plot.focus(line.id)}
              onBlur={() => plot.focus(undefined)}
            >
              <Swatch plot={plot} line={line} index={i} />
              <span className={css["label"]} title={line.label}>
                {line.label}
              </span>
              <span className={css["value"]}>{valueText(line, index ?? ends[i], digits(line.unit))}</span>
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The line as it is drawn: its colour, its dash, or a block for what is filled. */
function Swatch({ plot, line, index }: { plot: TimePlot; line: Line; index: number }): ReactNode {
  const { color, dash } = plot.look(index);
  const paint = color.startsWith("--") ? `var(${color})` : color;
  const filled = line.kind === "bars" || line.kind === "stack";
  return (
    <svg width="20" height="12" aria-hidden="true" className={css["swatch"]}>
      {filled ? <rect width="20" height="10" y="1" rx="2" fill={paint} /> : <path d="M0 6H20" stroke={paint} strokeWidth="3" strokeDasharray={dash.join(" ")} />}
    </svg>
  );
}
