import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { GoButton } from "../../app/GoButton";
import { fmt, t } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import { MINUTE, SiteZone, TimePicker, useNow, useZones } from "../../time";
import { useFleet, type SiteRow } from "../fleet/ask";
import { useFlow } from "./ask";
import { Devices } from "./Devices";
import { EnergyPanel } from "./EnergyPanel";
import { FlowPanel } from "./FlowPanel";
import { Places } from "./Places";
import { PowerPanel } from "./PowerPanel";
import css from "./site.module.css";

/** One site: what flows in it now, what flowed, what it used, and what is there. */
export default function SiteScreen(): ReactNode {
  const { site = "" } = useParams({ strict: false });
  const { mine } = useZones();
  // It says what the site is called and by which clock it lives; the fleet's screen has asked it already.
  const fleet = useFleet(mine);
  const row = fleet.data?.sites?.find((one) => one.site_id === site);
  if (fleet.data === undefined && fleet.error === null) {
    return (
      <div className={css["screen"]}>
        <h1>{site}</h1>
        <Skeleton height="28rem" />
      </div>
    );
  }
  if (fleet.data !== undefined && row === undefined) {
    return (
      <div className={css["screen"]}>
        <h1>{site}</h1>
        <Panel title={t("site.noneTitle")}>
          <Empty why={t("site.none", { site })} detail={t("site.noneDetail")} action={<GoButton to="/fleet">{t("site.toFleet")}</GoButton>} />
        </Panel>
      </div>
    );
  }
  return (
    <SiteZone zone={row?.zone ?? undefined}>
      <Site site={site} row={row} />
    </SiteZone>
  );
}

function Site({ site, row }: { site: string; row: SiteRow | undefined }): ReactNode {
  const flow = useFlow(site);
  return (
    <div className={css["screen"]}>
      <div className={css["top"]}>
        <div>
          <h1>{row?.name || site}</h1>
          {row?.zone != null && <LocalTime zone={row.zone} />}
        </div>
        <TimePicker />
      </div>
      <div className={css["pair"]}>
        <FlowPanel flow={flow} />
        <EnergyPanel site={site} flow={flow} />
      </div>
      <PowerPanel site={site} />
      <div className={css["places"]}>
        <Places site={site} />
        <Devices site={site} />
      </div>
    </div>
  );
}

function LocalTime({ zone }: { zone: string }): ReactNode {
  const now = useNow(MINUTE);
  return <p className={css["soft"]}>{t("site.local", { zone, time: fmt.clock(now, zone) })}</p>;
}
