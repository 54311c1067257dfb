import { useMemo, type ReactNode } from "react";
import { useAnswer } from "../../api/query";
import { unitFor, useDegrees } from "../../app/degrees";
import type { Degrees } from "../../app/settings";
import { fmt, t, useLocale } from "../../i18n";
import { Empty, Panel, Skeleton, type PanelQuery } from "../../states";
import { DataTable, type Column } from "../../table";
import { useRange } from "../../time";
import { isCounter, metricName, ordered } from "../building/metrics";
import { pivot, type Stretch } from "./pivot";
import { averagesQuestion, type Place } from "./questions";
import type { RoomOf } from "./useRoomOf";

const REFETCH_MS = 60_000;
/** Of one question; a room with more quantities has charts of them. */
const MOST = 8;

interface Quantity {
  metric: string;
  unit: string | null;
}

/** Averages of quarters of an hour, side by side. */
export function Averages({ place: { building, room: id }, room }: { place: Place; room: PanelQuery<RoomOf> }): ReactNode {
  const locale = useLocale();
  const { from, to, zone, live } = useRange();
  const { degrees } = useDegrees();
  const named = JSON.stringify(quantitiesOf(room.data));
  const quantities = useMemo(() => JSON.parse(named) as Quantity[], [named]);
  const question = useMemo(
    () => (quantities.length === 0 ? null : averagesQuestion({ building, room: id }, quantities, degrees, { from, to }, zone)),
    [building, id, quantities, degrees, from, to, zone],
  );
  const answer = useAnswer(question, { refetchMs: live ? REFETCH_MS : false });
  const rows = useMemo(() => answer.data && pivot(answer.data), [answer.data]);
  const columns = useMemo(() => columnsOf(quantities, degrees, zone), [locale, quantities, degrees, zone]);
  const nothing = <Empty why={t("building.nothing")} detail={t("building.nothingDetail")} />;
  return (
    <Panel
      title={t("building.averages")}
      help={t("building.averagesHelp")}
      state={room.data === undefined ? { ...room, data: undefined } : answer}
      skeleton={<Skeleton kind="rows" lines={10} />}
      empty={() => (rows?.length === 0 ? nothing : null)}
    >
      {() => <DataTable label={t("building.averages")} columns={columns} rows={rows ?? []} getKey={(row) => String(row.ts)} prefix="q" fileName={`averages-${building}-${id}`} empty={nothing} maxHeight="28rem" />}
    </Panel>
  );
}

function quantitiesOf(room: RoomOf | undefined): Quantity[] {
  const sensors = (room?.sensors ?? []).filter((one) => !isCounter(one.unit));
  return ordered(sensors.map((one) => one.metric))
    .slice(0, MOST)
    .map((metric) => ({ metric, unit: sensors.find((one) => one.metric === metric)!.unit }));
}

function columnsOf(quantities: readonly Quantity[], degrees: Degrees, zone: string): Column<Stretch>[] {
  return [
    { id: "from", label: t("building.from"), value: (row) => row.ts, kind: "time", render: (row) => fmt.time(row.ts, zone), isTitle: true, width: 10.5 },
    ...quantities.map(({ metric, unit }): Column<Stretch> => ({
      id: metric.replaceAll(/[^a-zA-Z0-9]/g, ""),
      label: metricName(metric),
      value: (row) => row.values[metric] ?? null,
      kind: "number",
      render: (row) => fmt.fixed(row.values[metric], unitFor(unit, degrees), unit === "ppm" ? 0 : 1),
      width: 7.5,
    })),
  ];
}
