import { useMemo, type ReactNode } from "react";
import { GoButton } from "../../app/GoButton";
import { PHONE, useMedia } from "../../forms";
import { t } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import { TimePicker, useRange } from "../../time";
import { useFleet, type FleetAnswer } from "./ask";
import { AssetPanel } from "./AssetPanel";
import { assetKey } from "./assets";
import css from "./fleet.module.css";
import { Kpis } from "./Kpis";
import { PowerPanel } from "./PowerPanel";
import { Sites } from "./Sites";
import { Worst } from "./Worst";

/** Is anything wrong, and where: the whole fleet on one page. */
export default function FleetScreen(): ReactNode {
  const { zone } = useRange();
  const phone = useMedia(PHONE);
  const fleet = useFleet(zone);
  const { names, concerns } = useNames(fleet.data);
  const isEmpty = fleet.data?.totals?.assets === 0;
  return (
    <div className={css["screen"]}>
      <div className={css["top"]}>
        <h1>{t("fleet.title")}</h1>
        {!isEmpty && <TimePicker />}
      </div>
      {isEmpty ? (
        <Panel title={t("fleet.begin")}>
          <Empty why={t("fleet.nothingYet")} detail={t("fleet.nothingYetDetail")} action={<GoButton to="/add">{t("fleet.add")}</GoButton>} />
        </Panel>
      ) : (
        <>
          <Panel title={t("fleet.glance")} state={fleet} isFlush skeleton={<Skeleton height="6.5rem" />} className={css["kpiPanel"] ?? ""}>
            {(data) => <Kpis fleet={data} />}
          </Panel>
          <div className={css["pair"]}>
            <PowerPanel fleet={fleet} names={names} />
            <Panel title={t("fleet.worst")} help={t("fleet.worstHelp")} state={fleet} skeleton={<Skeleton kind="rows" lines={6} />} className={css["worstPanel"] ?? ""}>
              {(data) => <Worst rows={data.worst ?? []} names={names} />}
            </Panel>
          </div>
          {!phone && <AssetPanel sites={fleet.data?.sites ?? []} names={names} concerns={concerns} />}
          <Panel title={t("fleet.sites")} state={fleet} skeleton={<Skeleton height="12.5rem" />}>
            {(data) => <Sites rows={data.sites ?? []} />}
          </Panel>
        </>
      )}
    </div>
  );
}

/** Names of sites, and what is of concern, as maps that stay the same while they say the same: tiles are painted by them. */
function useNames(fleet: FleetAnswer | undefined): { names: ReadonlyMap<string, string>; concerns: ReadonlyMap<string, string> } {
  const named = JSON.stringify((fleet?.sites ?? []).map((site) => [site.site_id, site.name || site.site_id]));
  const worst = JSON.stringify((fleet?.worst ?? []).map((row) => [assetKey(row.site_id ?? "", row.id ?? ""), row.reason]));
  const names = useMemo(() => new Map(JSON.parse(named) as [string, string][]), [named]);
  const concerns = useMemo(() => new Map(JSON.parse(worst) as [string, string][]), [worst]);
  return { names, concerns };
}
