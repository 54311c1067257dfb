import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useZoneOf } from "../../api/places";
import { Go } from "../../app/Go";
import { ScreenHead } from "../../app/ScreenHead";
import { t, useLocale } from "../../i18n";
import { Empty, Panel, Skeleton, type PanelQuery } from "../../states";
import { SiteZone, TimePicker } from "../../time";
import { Degrees } from "../building/Degrees";
import { metricName, ordered } from "../building/metrics";
import { About } from "./About";
import { Averages } from "./Averages";
import { History } from "./History";
import { Now } from "./Now";
import css from "./room.module.css";
import { Sensors } from "./Sensors";
import { useLiveRoom } from "./useNow";
import { useRoomOf, type RoomOf } from "./useRoomOf";

interface RoomProps {
  building: string;
  id: string;
  room: PanelQuery<RoomOf>;
}

/** One room: how it is in it now, how it was, and whether its sensors can be relied on. */
export default function RoomScreen(): ReactNode {
  const { building, room: id } = useParams({ strict: false }) as { building: string; room: string };
  const room = useRoomOf(building, id);
  const zone = useZoneOf(room.data?.site);
  return (
    <SiteZone zone={zone}>
      <Content building={building} id={id} room={room} />
    </SiteZone>
  );
}

const NOTHING: readonly never[] = [];

function Content({ building, id, room }: RoomProps): ReactNode {
  useLocale();
  useLiveRoom(room.data?.sensors ?? NOTHING);
  const site = room.data?.site;
  const crumbs = [
    ...(site === undefined
      ? []
      : [
          <Go key="site" to="/sites/$site" params={{ site }}>
            {site}
          </Go>,
        ]),
    <Go key="building" to="/buildings/$building" params={{ building }}>
      {room.data?.buildingName ?? building}
    </Go>,
  ];
  const isNothing = room.data !== undefined && room.data.sensors.length === 0;
  return (
    <div className={css["screen"]}>
      <ScreenHead title={room.data?.room?.name || id} crumbs={crumbs} isLoading={room.data === undefined && room.error === null}>
        <Degrees />
        <TimePicker />
      </ScreenHead>
      {isNothing ? (
        <Empty
          why={t("building.noRoom", { room: id, building })}
          detail={t("building.noRoomDetail")}
          action={
            <Go to="/buildings/$building" params={{ building }} className={css["action"]}>
              {t("building.toBuilding")}
            </Go>
          }
        />
      ) : (
        <Panels building={building} id={id} room={room} />
      )}
    </div>
  );
}

/** What most rooms measure: their charts' places are kept until it is known what this one does. */
const USUAL = ["temperature", "humidity", "co2"] as const;

function Panels({ building, id, room }: RoomProps): ReactNode {
  const metrics = ordered((room.data?.sensors ?? []).map((one) => one.metric));
  return (
    <>
      <Now building={building} id={id} room={room} metrics={metrics} />
      <div className={css["panels"]}>
        {room.data === undefined ? (
          USUAL.map((metric) => (
            <Panel key={metric} title={metricName(metric)} state={room} skeleton={<Skeleton height="18.6rem" />}>
              {null}
            </Panel>
          ))
        ) : (
          metrics.map((metric) => <History key={metric} place={{ building, room: id }} sensors={room.data!.sensors.filter((one) => one.metric === metric)} />)
        )}
        <About building={building} room={room} />
      </div>
      <Sensors room={room} />
      <Averages place={{ building, room: id }} room={room} />
    </>
  );
}
