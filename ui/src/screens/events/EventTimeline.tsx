/** How many events there were when. */
import { useMemo, type ReactNode } from "react";
import { TimeChart } from "../../charts";
import { t, useLocale } from "../../i18n";
import type { RangeState } from "../../time";
import { binsOf, histogram, SERIOUS, type EventRow } from "./rows";

const HEIGHT = 140;

/** A bar per stretch of time: what is shown in grey, the serious of it in the colour of warnings. Dragging over it zooms. */
export function EventTimeline({ rows, above, range }: { rows: readonly EventRow[]; above: number; range: RangeState }): ReactNode {
  const { from, to, zone, live, set } = range;
  const locale = useLocale();
  const { times, step, lines } = useMemo(() => {
    const { times, step } = binsOf({ from, to }, zone);
    const shown = { id: "shown", label: t("events.aboveValue", { y: above }), unit: null, kind: "bars" as const, color: "--line-7", values: histogram(rows, times) };
    if (above >= SERIOUS - 1) return { times, step, lines: [shown] };
    const serious = { ...shown, id: "serious", label: t("events.aboveValue", { y: SERIOUS - 1 }), color: "--line-2", values: histogram(rows.filter((row) => row.criticality >= SERIOUS), times) };
    return { times, step, lines: [shown, serious] };
    // The labels are in the reader's language.
  }, [rows, above, from, to, zone, locale]);
  return (
    <TimeChart
      title={t("events.timeline")}
      isTitleHidden
      times={times}
      lines={lines}
      zone={zone}
      stepMs={step}
      range={{ from, to }}
      height={HEIGHT}
      live={live}
      onZoom={(begin, end) => set({ from: begin, to: end })}
    />
  );
}
