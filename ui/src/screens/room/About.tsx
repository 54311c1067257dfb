import type { ReactNode } from "react";
import { Go } from "../../app/Go";
import { t } from "../../i18n";
import { Empty, KeyValues, Panel, Skeleton, type PanelQuery } from "../../states";
import css from "./room.module.css";
import type { RoomOf } from "./useRoomOf";

/** What the catalog says of the room. */
export function About({ building, room }: { building: string; room: PanelQuery<RoomOf> }): ReactNode {
  return (
    <Panel
      title={t("building.about")}
      state={room}
      skeleton={<Skeleton kind="text" lines={3} />}
      empty={(data) =>
        data.room === null ? (
          <Empty
            why={t("building.notInCatalog")}
            action={
              <Go to="/catalog" className={css["action"]}>
                {t("building.toCatalog")}
              </Go>
            }
          />
        ) : null
      }
    >
      {({ room: known, site, buildingName }) => (
        <KeyValues
          facts={[
            { label: t("building.room"), value: known!.id },
            { label: t("building.building"), value: `${buildingName} (${building})` },
            { label: t("building.site"), value: site ?? "–" },
            ...(known!.floor === "" ? [] : [{ label: t("building.floor"), value: known!.floor }]),
            ...Object.entries(known!.attributes).map(([label, value]) => ({ label, value: String(value) })),
          ]}
        />
      )}
    </Panel>
  );
}
