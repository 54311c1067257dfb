/** Lines over time. */

import { type KeyboardEvent, memo, type ReactNode, useId } from "react";
import "uplot/dist/uPlot.min.css";

import { Button } from "../forms";
import { t, useLocale } from "../i18n";
import { ChartFrame } from "./ChartFrame";
import { ChartTable } from "./ChartTable";
import { useCursor, type CursorStore } from "./cursor";
import { Instant, Legend } from "./Legend";
import css from "./TimeChart.module.css";
import { TruthBadges } from "./TruthBadges";
import type { TimeChartProps } from "./types";
import { type Go, type TimePlot, useTimePlot } from "./useTimePlot";
import { captionParts, markerText, markersNear, reading, statsOf, summary } from "./words";

/** How near a marker must be to the crosshair to be named, CSS pixels. */
const NEAR = 8;

/** Lines over time, with gaps, bands, markers and limits; by pointer, by keyboard, as words and as a table. `lead`, its newest value, stands beside its tools. */
export function TimeChart(props: TimeChartProps & { isTitleHidden?: boolean; lead?: ReactNode }): ReactNode {
  const plot = useTimePlot(props);
  const { title, times, lines, zone, markers = [], exportAs, truth, isTitleHidden = false, lead } = props;
  const id = useId();
  // What leads the one line of a chart says its name and its value.
  const isLed = lead !== undefined && lines.length === 1;
  const instant = <Instant plot={plot} lines={lines} times={times} zone={zone} hasValue={isLed} />;
  const parts = captionParts(plot.span, plot.plotWidth, zone, truth, plot.gaps);
  return (
    <ChartFrame
      title={title}
      isTitleHidden={isTitleHidden}
      summary={summary(lines, plot.span, zone, markers)}
      lead={lead ?? instant}
      tools={<ViewTools go={plot.go} canReset={plot.canReset} title={title} />}
      exportAs={exportAs}
      table={() => <ChartTable times={times} lines={lines} zone={zone} title={title} />}
      caption={
        <>
          {lead !== undefined && instant}
          <TruthBadges truth={truth} estimated={lines.some((line) => line.estimated)} />
          {parts.map((part) => (
            <span key={part} className={css["part"]}>
              {part}
            </span>
          ))}
        </>
      }
    >
      <div
        ref={plot.host}
        className={css["plot"]}
        style={{ height: plot.height }}
        role="application"
        aria-roledescription={t("charts.role")}
        aria-label={title}
        aria-describedby={id}
        tabIndex={0}
        onKeyDown={(event) => onKey(event, plot)}
        onBlur={plot.leave}
      />
      <span id={id} className="visually-hidden">
        {t("charts.keys")}
      </span>
      {lines.every((line) => statsOf(line.values) === undefined) && <p className={css["nothing"]}>{t("charts.nothing")}</p>}
      <Spoken plot={plot} props={props} />
      {!isLed && <Legend plot={plot} lines={lines} />}
      <Markers store={plot.cursor} props={props} within={((plot.span.to - plot.span.from) / Math.max(1, plot.plotWidth)) * NEAR} />
    </ChartFrame>
  );
}

/** What a drag does, for those who cannot drag (WCAG 2.5.7). A chart that moves does not render them anew: that took a quarter of a frame. */
const ViewTools = memo(function ViewTools({ go, canReset, title }: { go: Go; canReset: boolean; title: string }): ReactNode {
  useLocale();
  const named = (text: string) => `${text}: ${title}`;
  return (
    <>
      <Button tone="quiet" icon="left" aria-label={named(t("charts.earlier"))} onPress={() => go.move(-0.5)} />
      <Button tone="quiet" icon="minus" aria-label={named(t("charts.zoomOut"))} onPress={() => go.zoom(2)} />
      <Button tone="quiet" icon="plus" aria-label={named(t("charts.zoomIn"))} onPress={() => go.zoom(0.5)} />
      <Button tone="quiet" icon="right" aria-label={named(t("charts.later"))} onPress={() => go.move(0.5)} />
      {canReset && <Button tone="quiet" icon="retry" aria-label={named(t("charts.reset"))} onPress={go.reset} />}
    </>
  );
});

/** What is under a cursor that keys move. A pointer is not followed: it would never stop talking. */
function Spoken({ plot, props }: { plot: TimePlot; props: TimeChartProps }): ReactNode {
  const { index, keyed } = useCursor(plot.cursor);
  const shown = props.lines.filter((line) => !plot.hidden.has(line.id));
  return (
    <p aria-live="polite" className="visually-hidden">
      {keyed && index !== undefined ? reading(index, props.times, shown, props.zone) : ""}
    </p>
  );
}

/** The names of the markers at the crosshair; the room is kept where there are markers at all, so that nothing jumps. */
function Markers({ store, props, within }: { store: CursorStore; props: TimeChartProps; within: number }): ReactNode {
  const { index } = useCursor(store);
  const { markers = [], times, zone } = props;
  if (markers.length === 0) return null;
  const at = index === undefined ? undefined : times[index];
  const near = at === undefined ? [] : markersNear(markers, at, within).slice(0, 3);
  return (
    <p className={css["markers"]}>
      {near.length > 0 ? near.map((marker) => markerText(marker, zone)).join(" · ") : t("charts.markers", { n: markers.length })}
    </p>
  );
}

function onKey(event: KeyboardEvent, plot: TimePlot): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const done = event.key === "Escape" ? plot.leave() : event.key === "+" ? plot.go.zoom(0.5) : event.key === "-" ? plot.go.zoom(2) : plot.step(event.key, event.shiftKey);
  if (done !== false) event.preventDefault();
}
