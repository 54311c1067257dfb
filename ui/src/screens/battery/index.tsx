import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useZoneOf } from "../../api/places";
import { Problem } from "../../api/problem";
import { Go } from "../../app/Go";
import { ScreenHead } from "../../app/ScreenHead";
import { t, useLocale } from "../../i18n";
import { Empty } from "../../states";
import { SiteZone, TimePicker, useRange } from "../../time";
import { asText } from "../../url/text";
import { useSearchParams } from "../../url/useSearchParams";
import { StateMark } from "../batteries/columns";
import { useHealth } from "../batteries/data";
import css from "./battery.module.css";
import { Histories } from "./Histories";
import { Histograms } from "./Histograms";
import { useLiveOf } from "./live";
import { Now } from "./Now";
import { Use } from "./Use";

/** One battery: what it does, how worn it is, how it was used, and how it stands among its like. */
export default function BatteryScreen(): ReactNode {
  const { battery } = useParams({ strict: false }) as { battery: string };
  const [search] = useSearchParams();
  const range = useRange();
  const health = useHealth(battery, asText(search["site"]), range);
  const zone = useZoneOf(health.data?.battery?.site_id ?? undefined);
  return (
    <SiteZone zone={zone}>
      <Content id={battery} health={health} />
    </SiteZone>
  );
}

const NOTHING: readonly never[] = [];

function Content({ id, health }: { id: string; health: ReturnType<typeof useHealth> }): ReactNode {
  useLocale();
  const battery = health.data?.battery ?? undefined;
  const series = health.data?.series ?? NOTHING;
  const site = battery?.site_id ?? undefined;
  useLiveOf(site, series);
  const isMissing = health.error instanceof Problem && health.error.status === 404;
  const crumbs = [
    <Go key="all" to="/batteries">
      {t("batteries.title")}
    </Go>,
    ...(site === undefined
      ? []
      : [
          <Go key="site" to="/sites/$site" params={{ site }}>
            {site}
          </Go>,
        ]),
  ];
  return (
    <div className={css["screen"]}>
      <ScreenHead title={battery?.name || id} crumbs={crumbs} note={battery && <StateMark state={battery.state} />}>
        <TimePicker />
      </ScreenHead>
      {isMissing ? (
        <Empty why={t("batteries.missing", { id })} detail={t("batteries.missingDetail")} action={<Go to="/batteries" className={css["action"]}>{t("batteries.all")}</Go>} />
      ) : (
        <>
          <div className={css["top"]}>
            <Now site={site} health={health} />
            <Use health={health} />
          </div>
          <Histories site={site} series={series} health={health} />
          <Histograms health={health} />
        </>
      )}
    </div>
  );
}
