/** "Waiting for the first point…", which turns into a chart once it is there. */
import type { ReactNode } from "react";
import { unitFor, useDegrees } from "../../app/degrees";
import { Go } from "../../app/Go";
import { TimeChart } from "../../charts";
import { fmt, t } from "../../i18n";
import { useEvents, useStrip } from "../../live";
import { Age, KeyValues, Panel } from "../../states";
import { useNow, useZone } from "../../time";
import css from "./add.module.css";
import { TestReading } from "./TestReading";
import { useArrived, useRefused, useUnderstood, type Arrived } from "./useArrival";
import type { Naming } from "./snippets";

const STRIP_SECONDS = 300;
/** So that the newest point does not hide in the frame. */
const MARGIN_MS = 5_000;
const SHOWN = 8;

export function Arrival({ naming, mayWrite }: { naming: Naming; mayWrite: boolean }): ReactNode {
  const arrived = useArrived(naming.sensor);
  const refused = useRefused(naming.sensor);
  const first = arrived[0];
  return (
    <Panel title={first ? t("add.arrived") : t("add.waiting")} className={css["arrival"] ?? ""}>
      <div className={css["stack"]}>
        <p role="status" className="visually-hidden">
          {first ? t("add.arrivedOf", { sensor: first.sensor, metric: first.metric }) : ""}
        </p>
        {first ? <Understood one={first} all={arrived} /> : <Waiting naming={naming} />}
        {refused > 0 && (
          <p role="alert" className={css["bad"]}>
            {t("add.refusedSince", { n: refused })}
          </p>
        )}
        {mayWrite && <TestReading naming={naming} />}
      </div>
    </Panel>
  );
}

function Waiting({ naming }: { naming: Naming }): ReactNode {
  return (
    <div className={css["waiting"]}>
      <span className={css["pulse"]} aria-hidden="true" />
      <p>{t("add.waitingFor", { sensor: `${naming.sensor}*` })}</p>
      <p className={css["soft"]}>{t("add.waitingHint")}</p>
    </div>
  );
}

function Understood({ one, all }: { one: Arrived; all: readonly Arrived[] }): ReactNode {
  const zone = useZone();
  const now = useNow(1_000);
  const strip = useStrip(one.key, STRIP_SECONDS);
  const understood = useUnderstood(one);
  const { degrees, convert, write } = useDegrees();
  const conversion = understood.data?.conversions[0];
  const times = strip.times.length > 0 ? strip.times : [one.ts];
  const raw = strip.times.length > 0 ? strip.values : [one.value];
  const values = raw.map((value) => (value === null ? null : convert(value, one.unit)));
  const isRecent = now - one.ts < STRIP_SECONDS * 1_000;
  const label = `${one.sensor} · ${one.metric}`;
  return (
    <>
      <TimeChart
        title={label}
        isTitleHidden
        height={200}
        times={times}
        lines={[{ id: one.key, label, unit: unitFor(one.unit || null, degrees), values }]}
        zone={zone}
        range={isRecent ? { from: now - STRIP_SECONDS * 1_000, to: now + MARGIN_MS } : { from: one.ts - 60_000, to: one.ts + 60_000 }}
      />
      <KeyValues
        facts={[
          { label: t("add.value"), value: write(one.value, one.unit) },
          { label: t("add.age"), value: <Age ts={one.ts} /> },
          { label: t("add.series"), value: `${one.site} / ${one.sensor} / ${one.metric}` },
          { label: t("add.unit"), value: one.unit === "" || one.unit === "1" ? t("add.noUnit") : fmt.unit(one.unit) },
          { label: t("add.conversion"), value: conversion ? said(conversion, one) : understood.data?.found ? t("add.noConversion") : "…" },
        ]}
      />
      {(understood.data?.refused ?? 0) > 0 && (
        <p role="alert" className={css["bad"]}>
          {t("add.sameRequest", { n: understood.data?.refused ?? 0, reasons: (understood.data?.reasons ?? []).map(([code, n]) => `${code} (${n})`).join(", ") })}
        </p>
      )}
      {all.length > 1 && <Others all={all.slice(1)} />}
      <p>
        <Go to="/explore" search={{ sensor: one.sensor, site: one.site }}>
          {t("add.toExplore")}
        </Go>{" "}
        ·{" "}
        <Go to="/catalog/$kind" params={{ kind: "unassigned" }}>
          {t("add.toAssign")}
        </Go>
      </p>
    </>
  );
}

function said({ sent_metric, sent_unit, sent_value }: { sent_metric: string; sent_unit: string; sent_value: number }, one: Arrived): string {
  const renamed = sent_metric === one.metric ? "" : `${sent_metric} → ${one.metric}, `;
  return `${renamed}${fmt.number(sent_value, sent_unit)} → ${fmt.number(one.value, one.unit)}`;
}

function Others({ all }: { all: readonly Arrived[] }): ReactNode {
  const { write } = useDegrees();
  const rest = all.length - SHOWN;
  return (
    <section aria-label={t("add.others")}>
      <h3>{t("add.others")}</h3>
      <ul className={css["others"]}>
        {all.slice(0, SHOWN).map((one) => (
          <li key={one.key}>
            <span>
              {one.sensor} · {one.metric}
            </span>
            <span>{write(one.value, one.unit)}</span>
          </li>
        ))}
      </ul>
      {rest > 0 && <p className={css["soft"]}>{t("add.more", { n: rest })}</p>}
    </section>
  );
}

/** Events over NATS need no name: any that comes now is the one. */
export function EventArrival(): ReactNode {
  const events = useEvents(0);
  return (
    <Panel title={events.length > 0 ? t("add.eventArrived") : t("add.waitingEvent")} className={css["arrival"] ?? ""}>
      {events.length === 0 ? (
        <div className={css["waiting"]}>
          <span className={css["pulse"]} aria-hidden="true" />
          <p>{t("add.waitingEventHint")}</p>
        </div>
      ) : (
        <ul className={css["others"]} aria-live="polite">
          {events.slice(0, SHOWN).map((event) => (
            <li key={event.id}>
              <span>
                {event.criticality} · {event.message}
              </span>
              <span>
                <Age ts={Date.parse(event.ts)} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
