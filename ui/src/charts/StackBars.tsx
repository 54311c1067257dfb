/** Amounts per period, such as energy per day, stacked by where they belong, against the period before. */

import { type KeyboardEvent, type PointerEvent, type ReactNode, useId, useRef, useState } from "react";

import { fmt, t, useLocale } from "../i18n";
import { type BarLayout, changeOf, layBars } from "./barLayout";
import { ChartFrame } from "./ChartFrame";
import { BarsTable } from "./ChartTable";
import type { Question } from "./copyAs";
import { stepAlong } from "./keys";
import { lookOf } from "./palette";
import css from "./StackBars.module.css";
import type { Values } from "./types";
import { useWidth } from "./useSize";

export interface BarSeries {
  id: string;
  label: string;
  /** As many as there are periods; null where nothing is known. */
  values: Values;
  color?: string | undefined;
}

export interface StackBarsProps {
  title: string;
  isTitleHidden?: boolean | undefined;
  /** The periods in words, such as "Mon 16"; ascending. */
  periods: readonly string[];
  series: readonly BarSeries[];
  unit: string | null;
  /** What the same periods were before, in all. */
  before?: { label: string; values: Values } | undefined;
  height?: number | undefined;
  exportAs?: Question | undefined;
}

const HEIGHT = 220;
const AXIS = 22;
/** Left free on the right, CSS pixels. */
const EDGE = 10;
/** Room for a period's name, CSS pixels per letter. */
const LETTER = 7;

export function StackBars({ title, isTitleHidden, periods, series, unit, before, height = HEIGHT, exportAs }: StackBarsProps): ReactNode {
  useLocale();
  const id = useId();
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const [at, setAt] = useState<{ index: number; keyed: boolean }>();
  const values = series.map((one) => one.values);
  const lay = (left: number) => layBars(periods.length, values, before?.values, { left, top: 8, width: Math.max(0, width - left - EDGE), height: height - AXIS - 8 });
  const left = 10 + LETTER * Math.max(...lay(0).ticks.map(({ value }) => fmt.number(value, unit).length));
  const layout = lay(left);
  const texts = periods.map((_, i) => barText(i, { periods, series, unit, before }, layout));

  const press = (event: KeyboardEvent) => {
    const next = stepAlong({ key: event.key, shift: event.shiftKey }, at?.index ?? periods.length, periods.length);
    if (next === undefined) return;
    event.preventDefault();
    setAt({ index: next, keyed: true });
  };
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - left;
    const index = Math.floor(x / Math.max(1, layout.columns[0]?.width ?? 1));
    const isOn = x >= 0 && index < periods.length;
    if ((isOn ? index : undefined) !== at?.index) setAt(isOn ? { index, keyed: false } : undefined);
  };
  const shown = at?.index ?? periods.length - 1;
  // What is one thing only is told of by its whole.
  const parts = series.length > 1 || before !== undefined ? series : [];
  return (
    <ChartFrame
      title={title}
      isTitleHidden={isTitleHidden}
      summary={`${t("charts.barsSummary", { n: periods.length })} ${texts[texts.length - 1] ?? ""}`}
      exportAs={exportAs}
      table={() => <BarsTable title={title} periods={periods} series={series} before={before} unit={unit} />}
    >
      <div
        ref={host}
        className={css["host"]}
        style={{ height }}
        role="application"
        aria-roledescription={t("charts.role")}
        aria-label={title}
        aria-describedby={id}
        tabIndex={0}
        onKeyDown={press}
        onBlur={() => setAt(undefined)}
      >
        {width > 0 && (
          <svg width={width} height={height} aria-hidden="true" onPointerMove={point} onPointerDown={point} onPointerLeave={() => setAt(undefined)}>
            <Axis layout={layout} left={left} width={width} unit={unit} />
            <Bars layout={layout} series={series} at={at?.index} />
            <Periods layout={layout} periods={periods} width={width} y={height - 6} />
          </svg>
        )}
      </div>
      <span id={id} className="visually-hidden">
        {t("charts.barKeys")}
      </span>
      <p aria-live="polite" className="visually-hidden">
        {at?.keyed === true ? texts[at.index] : ""}
      </p>
      <ul className={css["legend"]}>
        {parts.map((one, i) => (
          <li key={one.id}>
            <span className={css["swatch"]} style={{ background: paintOf(one, i) }} /> {one.label} <b>{fmt.number(one.values[shown], unit)}</b>
          </li>
        ))}
        {before !== undefined && (
          <li>
            <span className={css["swatch"]} data-before="" /> {before.label} <b>{fmt.number(before.values[shown], unit)}</b>
          </li>
        )}
        <li className={css["shown"]}>{barText(shown, { periods, series: [], unit, before }, layout)}</li>
      </ul>
    </ChartFrame>
  );
}

function Axis({ layout, left, width, unit }: { layout: BarLayout; left: number; width: number; unit: string | null }): ReactNode {
  return layout.ticks.map(({ value, y }) => (
    <g key={value}>
      <line x1={left} x2={width} y1={y} y2={y} className={value === 0 ? css["zero"] : css["grid"]} />
      <text x={left - 6} y={y} dy="0.35em" className={css["tick"]}>
        {fmt.number(value, unit)}
      </text>
    </g>
  ));
}

function Bars({ layout, series, at }: { layout: BarLayout; series: readonly BarSeries[]; at: number | undefined }): ReactNode {
  return layout.columns.map((column, i) => (
    <g key={column.left}>
      {at === i && <rect x={column.left} y="0" width={column.width} height="100%" className={css["cursor"]} />}
      {column.before !== undefined && <rect x={column.bar - column.beforeWidth} y={column.before.y} width={column.beforeWidth} height={column.before.height} className={css["before"]} />}
      {column.total === null && <rect x={column.bar} y={layout.zero - 12} width={column.barWidth} height="12" className={css["unknown"]} />}
      {column.parts.map((part) => {
        const one = series[part.series];
        return one && <rect key={one.id} x={column.bar} y={part.y} width={Math.max(1, column.barWidth)} height={Math.max(0.5, part.height)} style={{ fill: paintOf(one, part.series) }} className={css["part"]} />;
      })}
    </g>
  ));
}

/** As many names as there is room for; the last is not cut off. */
function Periods({ layout, periods, width, y }: { layout: BarLayout; periods: readonly string[]; width: number; y: number }): ReactNode {
  const longest = Math.max(1, ...periods.map((period) => period.length)) * LETTER;
  const every = Math.max(1, Math.ceil(longest / Math.max(1, layout.columns[0]?.width ?? longest)));
  return layout.columns.map((column, i) =>
    i % every === 0 ? (
      <text key={column.left} x={Math.min(column.left + column.width / 2, width - longest / 2)} y={y} className={css["period"]}>
        {periods[i]}
      </text>
    ) : null,
  );
}

function barText(i: number, { periods, series, unit, before }: Pick<StackBarsProps, "periods" | "series" | "unit" | "before">, layout: BarLayout): string {
  const total = layout.columns[i]?.total ?? null;
  const period = periods[i] ?? "";
  const change = changeOf(total, before?.values[i]);
  const parts = series.length > 1 ? ` (${series.map((one) => `${one.label} ${fmt.number(one.values[i], unit)}`).join(", ")})` : "";
  const text = `${period}: ${total === null ? t("charts.unmeasured") : fmt.number(total, unit)}${parts}`;
  if (change === undefined || before === undefined) return text;
  return `${text}, ${t("charts.change", { change: `${change >= 0 ? "+" : ""}${fmt.percent(change)}`, before: before.label })}`;
}

function paintOf(series: BarSeries, index: number): string {
  const { color } = lookOf(index, { color: series.color });
  return color.startsWith("--") ? `var(${color})` : color;
}
