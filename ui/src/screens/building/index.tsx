import { useParams } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { useZoneOf } from "../../api/places";
import { unitFor, useDegrees } from "../../app/degrees";
import { Go } from "../../app/Go";
import { ScreenHead } from "../../app/ScreenHead";
import { PHONE, Select, useMedia } from "../../forms";
import { t, useLocale } from "../../i18n";
import { Empty, type PanelQuery } from "../../states";
import { SiteZone, TimePicker } from "../../time";
import { asText } from "../../url/text";
import { useSearchParams } from "../../url/useSearchParams";
import css from "./building.module.css";
import { Degrees } from "./Degrees";
import { Heat } from "./Heat";
import { isCounter, metricName, ordered } from "./metrics";
import { Ranking } from "./Ranking";
import { useRanks } from "./useRanks";
import { useBuildingOf, type BuildingOf } from "./useRoomsOf";

/** One building: its rooms over time, which are the warmest, and which are not as the others. */
export default function BuildingScreen(): ReactNode {
  const { building } = useParams({ strict: false }) as { building: string };
  const of = useBuildingOf(building);
  const zone = useZoneOf(of.data?.site);
  return (
    <SiteZone zone={zone}>
      <Content id={building} of={of} />
    </SiteZone>
  );
}

function Content({ id, of }: { id: string; of: PanelQuery<BuildingOf> }): ReactNode {
  useLocale();
  const [search, setSearch] = useSearchParams();
  const metrics = useMemo(() => ordered((of.data?.measured ?? []).filter((one) => !isCounter(one.unit)).map((one) => one.metric)), [of.data]);
  const wanted = asText(search["metric"]);
  const metric = wanted !== undefined && metrics.includes(wanted) ? wanted : metrics[0];
  const site = of.data?.site;
  const isLoading = of.data === undefined && of.error === null;
  const isNothing = of.data !== undefined && of.data.rooms.length === 0;
  return (
    <div className={css["screen"]}>
      <ScreenHead
        title={of.data?.name ?? id}
        isLoading={isLoading}
        crumbs={
          site === undefined
            ? []
            : [
                <Go key="site" to="/sites/$site" params={{ site }}>
                  {site}
                </Go>,
              ]
        }
      >
        {(metrics.length > 1 || isLoading) && (
          <Select
            label={t("building.metric")}
            value={metric ?? null}
            onChange={(value) => setSearch({ metric: value })}
            options={metrics.map((value) => ({ value, label: metricName(value) }))}
          />
        )}
        {(metric === "temperature" || isLoading) && <Degrees />}
        <TimePicker />
      </ScreenHead>
      {isNothing ? (
        <Empty why={t("building.none", { id })} detail={t("building.noneDetail")} action={<Go to="/add" className={css["action"]}>{t("building.add")}</Go>} />
      ) : (
        <Rooms id={id} of={of} metric={metric} />
      )}
    </div>
  );
}

/** On a phone the outermost rooms come first: a heat map says little at its width. */
function Rooms({ id, of, metric }: { id: string; of: PanelQuery<BuildingOf>; metric: string | undefined }): ReactNode {
  const isPhone = useMedia(PHONE);
  const { degrees } = useDegrees();
  const unit = unitFor(of.data?.measured.find((one) => one.metric === metric)?.unit ?? null, degrees);
  const ranks = useRanks(id, of, metric, unit);
  const heat = <Heat building={id} of={of} metric={metric} unit={unit} isPhone={isPhone} />;
  return (
    <>
      {!isPhone && heat}
      <Ranking building={id} ranks={ranks} metric={metric} unit={unit} />
      {isPhone && heat}
    </>
  );
}
