import { useMemo, type ReactNode } from "react";
import { useDegrees } from "../../app/degrees";
import { fmt, t, useLocale, type Key } from "../../i18n";
import { Age, Empty, Panel, Skeleton, type PanelQuery } from "../../states";
import { DataTable, type Column } from "../../table";
import { metricName } from "../building/metrics";
import css from "./room.module.css";
import { useNow } from "./useNow";
import type { RoomOf, Sensor } from "./useRoomOf";

/** What is measured in the room, by whom, and whether it still reports as it usually does. */
export function Sensors({ room }: { room: PanelQuery<RoomOf> }): ReactNode {
  const locale = useLocale();
  const { degrees, write } = useDegrees();
  const columns = useMemo(() => columnsOf(write), [locale, degrees]);
  return (
    <Panel title={t("building.sensors")} state={room} skeleton={<Skeleton height="12.3rem" />}>
      {({ sensors }) => (
        <DataTable
          label={t("building.sensors")}
          columns={columns}
          rows={sensors}
          getKey={(row) => `${row.sensor} ${row.metric}`}
          prefix="s"
          fileName="sensors"
          empty={<Empty why={t("building.nothing")} />}
          maxHeight="20rem"
        />
      )}
    </Panel>
  );
}

function State({ sensor }: { sensor: Sensor }): ReactNode {
  const isOk = sensor.state === "ok";
  return (
    <span className={css["state"]} data-state={sensor.state} title={sensor.reason || undefined}>
      <span aria-hidden="true">{isOk ? "●" : "△"}</span> {stateName(sensor.state)}
    </span>
  );
}

const stateName = (state: string): string => t(`building.state.${state}` as Key);

function Seen({ sensor }: { sensor: Sensor }): ReactNode {
  const { ts } = useNow(sensor);
  return ts === undefined ? "–" : <Age ts={ts} />;
}

function Written({ sensor, write }: { sensor: Sensor; write: ReturnType<typeof useDegrees>["write"] }): ReactNode {
  return write(useNow(sensor).value, sensor.unit);
}

function columnsOf(write: ReturnType<typeof useDegrees>["write"]): Column<Sensor>[] {
  return [
    { id: "quantity", label: t("building.quantity"), value: (row) => metricName(row.metric), isTitle: true, width: 8 },
    { id: "value", label: t("building.value"), value: (row) => row.value, kind: "number", render: (row) => <Written sensor={row} write={write} />, width: 6.5 },
    { id: "seen", label: t("building.seen"), value: (row) => row.ts, kind: "time", render: (row) => <Seen sensor={row} />, width: 7.5 },
    { id: "interval", label: t("building.interval"), value: (row) => row.intervalMs, kind: "number", render: (row) => fmt.span(row.intervalMs), width: 8 },
    { id: "state", label: t("building.state"), value: (row) => row.state, kind: "choice", written: stateName, render: (row) => <State sensor={row} />, width: 8 },
    { id: "sensor", label: t("building.sensor"), value: (row) => row.sensor, width: 8 },
  ];
}
