/** The buildings of the site, with their rooms. */
import type { ReactNode } from "react";
import { Go } from "../../app/Go";
import { GoButton } from "../../app/GoButton";
import { t } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import { useBuildings } from "./ask";
import css from "./site.module.css";

/** Rooms that are named; the building's own screen has the others. */
const MOST_ROOMS = 24;

export function Places({ site }: { site: string }): ReactNode {
  const { buildings, rooms } = useBuildings(site);
  return (
    <Panel
      title={t("site.buildings")}
      state={buildings}
      skeleton={<Skeleton height="8rem" />}
      empty={(data) => (data.length > 0 ? null : <Empty why={t("site.noBuildings")} action={<GoButton to="/catalog">{t("site.toCatalog")}</GoButton>} />)}
    >
      {(data) => (
        <ul className={css["buildings"]}>
          {data.map((building, i) => {
            const own = rooms[i] ?? [];
            return (
              <li key={building.id}>
                <h3>
                  <Go to="/buildings/$building" params={{ building: building.id }} className={css["link"]}>
                    {building.name}
                  </Go>
                </h3>
                <ul className={css["rooms"]}>
                  {own.slice(0, MOST_ROOMS).map((room) => (
                    <li key={room.id}>
                      <Go to="/buildings/$building/rooms/$room" params={{ building: building.id, room: room.id }} className={css["link"]}>
                        {room.name}
                      </Go>
                    </li>
                  ))}
                  {own.length > MOST_ROOMS && <li className={css["soft"]}>{t("site.moreRooms", { n: own.length - MOST_ROOMS })}</li>}
                </ul>
              </li>
            );
          })}
        </ul>
      )}
    </Panel>
  );
}
