import { useMemo, type ReactNode } from "react";
import { Go, useGo } from "../../app/Go";
import { fmt, t, useLocale } from "../../i18n";
import { Age, Empty, Panel, Skeleton, Stale, type PanelQuery } from "../../states";
import { DataTable, type Column } from "../../table";
import css from "./building.module.css";
import { metricName } from "./metrics";
import { extremes } from "./rank";
import type { Rank } from "./useRanks";

const MOST = 5;

interface RankingProps {
  building: string;
  ranks: PanelQuery<Rank[]>;
  metric: string | undefined;
  unit: string | null;
}

/** The rooms that have most and least, and all rooms with their numbers. */
export function Ranking({ building, ranks, metric, unit }: RankingProps): ReactNode {
  const locale = useLocale();
  const go = useGo();
  const columns = useMemo(() => columnsOf(unit), [locale, unit]);
  const named = metric === undefined ? "" : `: ${metricName(metric)}`;
  const nothing = () => <Empty why={t("building.nothing")} detail={t("building.nothingDetail")} />;
  return (
    <div className={css["ranking"]}>
      <Panel
        title={t("building.extremes")}
        help={t("building.outlierHelp")}
        state={ranks}
        skeleton={<Skeleton height="34.6rem" />}
        empty={(rows) => (rows.every((row) => row.mean === null) ? nothing() : null)}
      >
        {(rows) => <Extremes building={building} rows={rows} unit={unit} />}
      </Panel>
      <Panel title={`${t("building.rooms")}${named}`} state={ranks} skeleton={<Skeleton height="34.6rem" />}>
        {(rows) => (
          <DataTable
            label={t("building.rooms")}
            columns={columns}
            rows={rows}
            getKey={(row) => row.id}
            prefix="r"
            fileName={`rooms-${building}`}
            empty={nothing()}
            maxHeight="32rem"
            onOpen={(row) => go("/buildings/$building/rooms/$room", { building, room: row.id })}
          />
        )}
      </Panel>
    </div>
  );
}

function Extremes({ building, rows, unit }: { building: string; rows: readonly Rank[]; unit: string | null }): ReactNode {
  const { highest, lowest } = extremes(rows, (row) => row.mean, MOST);
  const reach = Math.max(...rows.map((row) => Math.abs(row.deviation ?? 0))) || 1;
  const list = (title: string, some: readonly Rank[]) =>
    some.length > 0 && (
      <>
        <h3>{title}</h3>
        <ol>
          {some.map((row) => (
            <li key={row.id}>
              <Go to="/buildings/$building/rooms/$room" params={{ building, room: row.id }}>
                {row.label}
              </Go>
              <span className={css["reach"]} aria-hidden="true">
                <span style={{ [(row.deviation ?? 0) < 0 ? "right" : "left"]: "50%", width: `${(Math.abs(row.deviation ?? 0) / reach) * 50}%` }} />
              </span>
              <span className={css["number"]} data-outlier={row.isOutlier || undefined}>
                {row.isOutlier && <span className={css["flag"]}>△ {t("building.outlier")} </span>}
                {fmt.fixed(row.mean, unit, 1)}
              </span>
            </li>
          ))}
        </ol>
      </>
    );
  return (
    <div className={css["extremes"]}>
      {list(t("building.highest"), highest)}
      {list(t("building.lowest"), lowest)}
    </div>
  );
}

/** The newest value of a room, greyed with its age once it is older than it should be. */
function Now({ row, unit }: { row: Rank; unit: string | null }): ReactNode {
  const text = fmt.fixed(row.now, unit, 1);
  if (row.ts === undefined || row.intervalMs === undefined) return text;
  return (
    <Stale ts={row.ts} interval={row.intervalMs}>
      {text}
    </Stale>
  );
}

function columnsOf(unit: string | null): Column<Rank>[] {
  const number = (id: "mean" | "least" | "greatest"): Column<Rank> => ({
    id,
    label: t(`building.${id}`),
    value: (row) => row[id],
    kind: "number",
    render: (row) => fmt.fixed(row[id], unit, 1),
    width: 6,
  });
  return [
    { id: "room", label: t("building.room"), value: (row) => row.label, isTitle: true, width: 6.5 },
    { id: "floor", label: t("building.floor"), value: (row) => row.floor, kind: "choice", width: 4 },
    { id: "now", label: t("building.now"), value: (row) => row.now, kind: "number", render: (row) => <Now row={row} unit={unit} />, width: 5.5 },
    number("mean"),
    number("least"),
    number("greatest"),
    {
      id: "deviation",
      label: t("building.deviation"),
      value: (row) => row.deviation,
      kind: "number",
      render: (row) => (
        <span data-outlier={row.isOutlier || undefined} className={css["number"]}>
          {row.isOutlier && <span className={css["flag"]}>△ {t("building.outlier")} </span>}
          {row.deviation === null ? "–" : `${row.deviation >= 0.05 ? "+" : ""}${fmt.fixed(row.deviation, unit, 1)}`}
        </span>
      ),
      width: 7.5,
    },
    { id: "seen", label: t("building.seen"), value: (row) => row.ts, kind: "time", render: (row) => (row.ts === undefined ? "–" : <Age ts={row.ts} />), isExtra: true },
  ];
}
