/** The fleet in eight numbers. */
import type { ReactNode } from "react";
import { Go } from "../../app/Go";
import { clsx } from "../../forms";
import { fmt, t } from "../../i18n";
import { Age } from "../../states";
import { EVENTS_ABOVE, type FleetAnswer } from "./ask";
import css from "./fleet.module.css";
import { abnormal, STATE_WORDS } from "./states";

interface KpiProps {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
  readonly isAbnormal?: boolean;
}

function Kpi({ label, value, note, isAbnormal = false }: KpiProps): ReactNode {
  return (
    <div className={clsx(css["kpi"], isAbnormal && css["abnormal"])}>
      <dt>{label}</dt>
      <dd className={css["value"]}>{value}</dd>
      <dd className={css["note"]}>{note ?? "\u00a0"}</dd>
    </div>
  );
}

export function Kpis({ fleet }: { fleet: FleetAnswer }): ReactNode {
  const { totals, power, energy, events, freshness } = fleet;
  const sites = fleet.sites ?? [];
  const odd = abnormal(totals?.states ?? {});
  const touched = sites.filter((site) => abnormal(site).length > 0).length;
  const newest = Math.max(...sites.map((site) => Date.parse(site.ts ?? "")).filter(Number.isFinite));
  const count = events?.count ?? 0;
  return (
    <dl className={css["kpis"]}>
      <Kpi label={t("fleet.sites")} value={fmt.count(totals?.sites)} note={touched > 0 ? t("fleet.sitesTouched", { n: touched }) : t("fleet.sitesFine")} />
      <Kpi
        label={t("fleet.online")}
        value={fmt.percent(totals?.online, 1)}
        note={odd.length > 0 ? odd.map(([state, n]) => `${fmt.count(n)} ${t(STATE_WORDS[state])}`).join(", ") : t("fleet.ofAssets", { n: totals?.assets ?? 0 })}
        isAbnormal={odd.some(([state]) => state !== "late")}
      />
      <Kpi label={t("fleet.fromGrid")} value={fmt.number(power?.import_w, "W")} note={t("fleet.now")} />
      <Kpi label={t("fleet.toGrid")} value={fmt.number(power?.export_w, "W")} note={t("fleet.now")} />
      <Kpi label={t("fleet.generation")} value={fmt.number(power?.generation_w, "W")} note={t("fleet.now")} />
      <Kpi label={t("fleet.energyToday")} value={fmt.number(energy?.energy_today_wh, "Wh", 1)} note={changeText(energy?.energy_today_wh, energy?.energy_yesterday_wh)} />
      <Kpi
        label={t("fleet.events", { above: EVENTS_ABOVE })}
        value={<Go to="/events" className={css["link"]}>{events?.more === true ? `≥ ${fmt.count(count)}` : fmt.count(count)}</Go>}
        note={t("fleet.sinceMidnight")}
        isAbnormal={count > 0}
      />
      <Kpi label={t("fleet.newest")} value={Number.isFinite(newest) ? <Age ts={newest} /> : "–"} note={t("fleet.oldest", { span: fmt.span(freshness?.p95_ms) })} />
    </dl>
  );
}

/** "−26 % on yesterday": both days up to the same time. */
function changeText(today: number | null | undefined, yesterday: number | null | undefined): string {
  if (today == null || yesterday == null || yesterday <= 0) return t("fleet.untilNow");
  const change = today / yesterday - 1;
  return t("fleet.onYesterday", { change: `${change > 0 ? "+" : ""}${fmt.percent(change)}` });
}
