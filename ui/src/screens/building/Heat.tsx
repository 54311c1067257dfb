import { useMemo, type ReactNode } from "react";
import { useAnswer } from "../../api/query";
import { useGo } from "../../app/Go";
import { HeatMap } from "../../charts";
import { t } from "../../i18n";
import { Empty, Panel, Skeleton, type PanelQuery } from "../../states";
import { useRange } from "../../time";
import { useHealthIn } from "./data";
import { matrixOf } from "./matrix";
import { metricName } from "./metrics";
import { heatQuestion } from "./questions";
import type { BuildingOf } from "./useRoomsOf";

const REFETCH_MS = 30_000;
/** Until it is known how often the rooms report. */
const USUAL_MS = 300_000;
/** What a row and all that is around the rows take, rem. */
const ROW_REM = 1.5;
const AROUND_REM = 4.6;

interface HeatProps {
  building: string;
  of: PanelQuery<BuildingOf>;
  metric: string | undefined;
  unit: string | null;
  isPhone: boolean;
}

/** Rooms by time; a row leads to its room. */
export function Heat({ building, of, metric, unit, isPhone }: HeatProps): ReactNode {
  const { from, to, zone, live } = useRange();
  const go = useGo();
  const health = useHealthIn(of.data?.site, building);
  const intervals = [...(health.data?.values() ?? [])].filter((one) => one.room !== "").map((one) => one.intervalMs ?? USUAL_MS);
  const interval = intervals.length > 0 ? Math.min(...intervals) : USUAL_MS;
  const asked = useMemo(
    () => (metric === undefined ? null : heatQuestion({ building, metric, unit, from, to, zone }, isPhone, interval)),
    [building, metric, unit, from, to, zone, isPhone, interval],
  );
  const answer = useAnswer(asked?.question ?? null, { refetchMs: live ? REFETCH_MS : false });
  const rooms = of.data?.rooms;
  const matrix = useMemo(
    () => (answer.data === undefined || rooms === undefined || asked === null ? undefined : matrixOf(answer.data, rooms, { from, to }, asked.stepMs)),
    [answer.data, rooms, asked, from, to],
  );
  const title = `${t("building.heat")}${metric === undefined ? "" : `: ${metricName(metric)}`}`;
  return (
    <Panel
      title={title}
      help={t("building.heatHelp")}
      state={rooms === undefined ? { ...of, data: undefined } : metric === undefined ? { ...of, data: null } : answer}
      skeleton={<Skeleton height={`${(rooms?.length ?? 14) * ROW_REM + AROUND_REM}rem`} />}
      empty={() => (matrix?.rows.some((row) => Array.from(row.values).some((value) => value !== null)) === true ? null : <Empty why={t("building.nothing")} detail={t("building.nothingDetail")} />)}
    >
      {() => (
        <HeatMap
          title={title}
          isTitleHidden
          rows={matrix!.rows}
          times={matrix!.times}
          stepMs={asked!.stepMs}
          unit={unit}
          zone={zone}
          exportAs={asked!.question}
          onOpen={(row) => go("/buildings/$building/rooms/$room", { building, room: row.id })}
        />
      )}
    </Panel>
  );
}
