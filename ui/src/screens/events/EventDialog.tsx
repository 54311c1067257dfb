/** One event, whole: as it was sent, and what was measured around it. */
import { useMemo, type ReactNode } from "react";
import { Go } from "../../app/Go";
import { toLines, useAnswer, type QueryDocument } from "../../api/query";
import { TimeChart } from "../../charts";
import { CopyButton, Sheet } from "../../forms";
import { fmt, t } from "../../i18n";
import { Age, Empty, KeyValues, Panel } from "../../states";
import { MINUTE, useZone } from "../../time";
import css from "./events.module.css";
import { Level } from "./Level";
import type { EventRow } from "./rows";

const AROUND = 5 * MINUTE;
const WINDOW = "10s";

export function EventDialog({ event, onClose }: { event: EventRow; onClose: () => void }): ReactNode {
  const zone = useZone();
  const raw = useMemo(
    () => JSON.stringify({ id: event.id, timestamp: new Date(event.ts).toISOString(), criticality: event.criticality, eventMessage: event.message, source: event.source }, null, 2),
    [event],
  );
  return (
    <Sheet title={event.message || t("events.noMessage")} isOpen size="large" onClose={onClose} footer={<CopyButton text={raw} label={t("events.copyRaw")} />}>
      <div className={css["one"]}>
        <KeyValues
          facts={[
            { label: t("events.criticality"), value: <Level value={event.criticality} /> },
            { label: t("events.time"), value: fmt.time(event.ts, zone, "ms") },
            { label: t("events.age"), value: <Age ts={event.ts} /> },
            { label: t("events.source"), value: event.source || t("events.noSource") },
          ]}
        />
        <Around event={event} zone={zone} />
        <Panel title={t("events.raw")} level={3}>
          {/* It scrolls on its own, so it can be focused. */}
          <pre className={css["raw"]} tabIndex={0}>
            {raw}
          </pre>
        </Panel>
      </div>
    </Sheet>
  );
}

/** Five minutes before and after: mean power and temperature of each site. */
function Around({ event, zone }: { event: EventRow; zone: string }): ReactNode {
  const from = event.ts - AROUND;
  const to = event.ts + AROUND;
  const question = useMemo<QueryDocument>(
    () =>
      ({
        start: from,
        end: to,
        window: WINDOW,
        fetch: {
          power: { where: { metric: "power_w" }, fn: "mean", by: ["site"] },
          temperature: { where: { metric: "temperature" }, fn: "mean", by: ["site"], unit: "degC" },
        },
      }) as unknown as QueryDocument,
    [from, to],
  );
  const answer = useAnswer(question);
  const search = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), live: undefined };
  const link = (
    <span className={css["link"]}>
      <Go to="/explore" search={search}>
        {t("events.explore")}
      </Go>
    </span>
  );
  return (
    <Panel
      title={t("events.around")}
      level={3}
      state={answer}
      actions={link}
      empty={(found) => (found.rows === 0 ? <Empty why={t("events.nothingMeasured")} detail={t("events.nothingMeasuredWhy")} /> : null)}
    >
      {(found) => {
        const { times, lines } = toLines(found, (groups, name) => `${groups["site_id"] ?? ""} · ${t(name === "power" ? "events.power" : "events.temperature")}`);
        return (
          <TimeChart
            title={t("events.around")}
            isTitleHidden
            times={times}
            lines={lines}
            zone={zone}
            stepMs={10_000}
            range={{ from, to }}
            height={200}
            markers={[{ ts: event.ts, label: event.message, kind: "event" }]}
            truth={{ asOf: found.asOf }}
            exportAs={question}
          />
        );
      }}
    </Panel>
  );
}
