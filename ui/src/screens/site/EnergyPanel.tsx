/** Energy per day of who uses it, the last week or four, beside the same days before. */
import { useMemo, type ReactNode } from "react";
import { useAnswer, type QueryAnswer } from "../../api/query";
import { StackBars, type Question } from "../../charts";
import { Toggle } from "../../forms";
import { fmt, t } from "../../i18n";
import { Empty, Panel, Skeleton, type PanelQuery } from "../../states";
import { MINUTE, useNow, useZone } from "../../time";
import { useSearchParams } from "../../url/useSearchParams";
import type { FlowAnswer } from "./ask";
import { dailyEnergy, energyQuestion, usersOf, type Period, type Users } from "./energy";
import css from "./site.module.css";

const STEP = 15 * MINUTE;
const WHOLE = "19rem";
const BEFORE = { week: "site.weekBefore", month: "site.monthBefore" } as const;

export function EnergyPanel({ site, flow }: { site: string; flow: PanelQuery<FlowAnswer> }): ReactNode {
  const [search, change] = useSearchParams();
  const period: Period = search["energy"] === "month" ? "month" : "week";
  const zone = useZone();
  const now = useNow(STEP);
  const question = useMemo(() => energyQuestion(site, period, now, zone), [site, period, now, zone]);
  const answer = useAnswer(question);
  const users = useUsers(flow.data);
  const title = t(users?.areLoads === false ? "site.energyGrid" : "site.energy");
  const choose = (wanted: Period) => change({ energy: wanted === "week" ? undefined : wanted });
  const actions = (
    <>
      <Toggle tone="quiet" isSelected={period === "week"} onChange={() => choose("week")}>
        {t("site.week")}
      </Toggle>
      <Toggle tone="quiet" isSelected={period === "month"} onChange={() => choose("month")}>
        {t("site.month")}
      </Toggle>
    </>
  );
  const skeleton = <Skeleton height={WHOLE} />;
  const className = css["energyPanel"] ?? "";
  if (users === undefined) {
    return (
      <Panel title={title} state={flow} actions={actions} skeleton={skeleton} className={className}>
        {null}
      </Panel>
    );
  }
  return (
    <Panel
      title={title}
      state={answer}
      actions={actions}
      skeleton={skeleton}
      empty={(data) => (users.names.size > 0 && data.rows > 0 ? null : <Empty why={t("site.noEnergy")} detail={t("site.noEnergyDetail")} />)}
      className={className}
    >
      {(data) => <EnergyBars title={title} answer={data} users={users} zone={zone} before={t(BEFORE[period])} question={question} />}
    </Panel>
  );
}

/** The same object as long as the same meters measure: the flow is asked every few seconds. */
function useUsers(flow: FlowAnswer | undefined): Users | undefined {
  const users = flow === undefined ? undefined : usersOf(flow);
  const text = users === undefined ? undefined : JSON.stringify([[...users.names], users.areLoads]);
  return useMemo(() => {
    if (text === undefined) return undefined;
    const [names, areLoads] = JSON.parse(text) as [[string, string][], boolean];
    return { names: new Map(names), areLoads };
  }, [text]);
}

interface EnergyBarsProps {
  readonly title: string;
  readonly answer: QueryAnswer;
  readonly users: Users;
  readonly zone: string;
  readonly before: string;
  readonly question: Question;
}

function EnergyBars({ title, answer, users, zone, before, question }: EnergyBarsProps): ReactNode {
  const others = t("site.others");
  const energy = useMemo(() => dailyEnergy(answer, users, others), [answer, users, others]);
  const hasBefore = energy.before.some((value) => value !== null);
  return (
    <StackBars
      title={title}
      isTitleHidden
      periods={energy.days.map((day) => fmt.day(day, zone))}
      series={energy.series}
      unit="Wh"
      before={hasBefore ? { label: before, values: energy.before } : undefined}
      exportAs={question}
    />
  );
}
