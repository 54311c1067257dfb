/** S14: security events: what happened, how critical, when, and what was measured around it. */
import { useCallback, useMemo, type ReactNode } from "react";
import { Button, CopyButton } from "../../forms";
import { fmt, t, useLocale } from "../../i18n";
import { useLink } from "../../live";
import { Age, Empty, Panel, Skeleton } from "../../states";
import { TimePicker, useRange } from "../../time";
import { EventDialog } from "./EventDialog";
import { EventFilters } from "./EventFilters";
import css from "./events.module.css";
import { EventTable } from "./EventTable";
import { EventTimeline } from "./EventTimeline";
import { counted, narrowed, type EventRow } from "./rows";
import { MOST, useEventLog, type EventLog } from "./useEventLog";
import { useEventView, type EventView } from "./useEventView";

export default function Events(): ReactNode {
  useLocale();
  const range = useRange();
  const [view, change] = useEventView();
  const log = useEventLog(view, range);
  const shown = useMemo(() => narrowed(log.candidates, view), [log.candidates, view]);
  const open = useCallback((row: EventRow) => change({ open: row.id }), [change]);
  const opened = view.open === null ? undefined : log.candidates.find((row) => row.id === view.open);
  return (
    <div className={css["screen"]}>
      <header className={css["head"]}>
        <h1>{t("events.title")}</h1>
        <Live />
        <TimePicker />
      </header>
      <Panel title={t("events.which")}>
        {log.state.data === undefined && log.state.error === null ? <Skeleton height="6.75rem" /> : <EventFilters rows={log.all} view={view} onChange={change} />}
      </Panel>
      {view.last === null && (
        <Panel title={t("events.timeline")} state={log.state} skeleton={<Skeleton height="13.7rem" />} empty={() => (log.all.length === 0 ? <None log={log} view={view} change={change} /> : null)}>
          {() => <EventTimeline rows={shown} above={view.above} range={range} />}
        </Panel>
      )}
      <Panel title={view.last === null ? t("events.list") : t("events.lastAbove", { n: view.last, y: view.above })} state={log.state} skeleton={<Skeleton kind="rows" lines={8} />}>
        {() => (
          <>
            {(view.level === null ? log.isCutAbove : log.isCut) && <p className={css["cut"]}>{t("events.cut", { n: MOST })}</p>}
            <EventTable rows={shown} curl={curlOf(view, range)} onOpen={open} empty={<None log={log} view={view} change={change} />} />
          </>
        )}
      </Panel>
      {opened !== undefined && <EventDialog event={opened} onClose={() => change({ open: null })} />}
    </div>
  );
}

/** Whether new events appear by themselves. */
function Live(): ReactNode {
  const { state, since } = useLink();
  if (state === "open") return <span className={css["soft"]}>{t("events.live")}</span>;
  return (
    <span className={css["soft"]}>
      {t("events.notLive")} {state === "paused" && <Age ts={since} />}
    </span>
  );
}

/** Nothing to list: how many there are of each level instead, and a way to them; or how the first event is sent. */
function None({ log, view, change }: { log: EventLog; view: EventView; change: (change: Partial<EventView>) => void }): ReactNode {
  if (log.all.length === 0) {
    if (view.last !== null) {
      return <Empty why={t("events.noneAbove", { y: view.above })} action={<Button onPress={() => change({ above: -1, last: null })}>{t("events.showAll")}</Button>} />;
    }
    const example = `curl ${location.origin}/v1/events -H "Authorization: Bearer $PENSTOCK_KEY" --json '{"criticality": 7, "timestamp": "${new Date().toISOString()}", "eventMessage": "door forced"}'`;
    return <Empty why={t("events.none")} detail={t("events.noneWhy")} action={<CopyButton tone="normal" text={example} label={t("events.copyExample")} />} />;
  }
  const levels = counted(log.all, (row) => row.criticality);
  const [highest] = levels[0] ?? [0];
  return (
    <Empty
      why={t("events.noneShown", { y: view.above })}
      detail={levels.map(([level, count]) => `${fmt.count(level)}: ${t("events.count", { n: count })}`).join(" · ")}
      action={<Button onPress={() => change({ above: highest - 1, level: null, source: null })}>{t("events.showAbove", { y: highest - 1 })}</Button>}
    />
  );
}

function curlOf(view: EventView, { from, to }: { from: number; to: number }): string {
  const range = view.last === null ? `&from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}` : "";
  return `curl '${location.origin}/v1/events?criticality_gt=${view.above}&limit=${view.last ?? MOST}${range}' -H "Authorization: Bearer $PENSTOCK_KEY"\n`;
}
