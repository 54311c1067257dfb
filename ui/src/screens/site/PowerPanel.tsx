/** Mean power of every node over the range: what feeds the site above zero, what takes from it below. */
import { useMemo, type ReactNode } from "react";
import { TimeChart, type Line } from "../../charts";
import { t, useLocale } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import { useRange } from "../../time";
import { flowWindow, useFlowSeries, type FlowColumn, type FlowSeries } from "./ask";
import { NODE_COLORS, NODE_WORDS, NODES } from "./flow";
import css from "./site.module.css";

export function PowerPanel({ site }: { site: string }): ReactNode {
  const range = useRange();
  const series = useFlowSeries(site, range, range.zone, range.live);
  const title = t("site.power");
  return (
    <Panel
      title={title}
      help={t("site.powerHelp")}
      state={series}
      skeleton={<Skeleton height="24rem" />}
      empty={({ columns }) => (NODES.some((node) => columns[`${node}_w`].some((value) => value !== null)) ? null : <Empty why={t("site.noPower")} detail={t("site.noPowerDetail")} />)}
      className={css["powerPanel"] ?? ""}
    >
      {(answer) => <PowerChart title={title} answer={answer} />}
    </Panel>
  );
}

function PowerChart({ title, answer }: { title: string; answer: FlowSeries }): ReactNode {
  const range = useRange();
  const locale = useLocale();
  // Labels are words of the language.
  const lines = useMemo(() => (locale ? linesOf(answer) : []), [answer, locale]);
  return (
    <TimeChart
      title={title}
      isTitleHidden
      times={answer.columns.ts}
      lines={lines}
      zone={range.zone}
      height={260}
      range={range}
      live={range.live}
      stepMs={flowWindow(range).ms}
      truth={{ asOf: answer.as_of }}
      onZoom={(from, to) => range.set({ from, to })}
    />
  );
}

/** A stack for each node that was ever known to do anything; dotted where it is what the others left over. */
export function linesOf({ columns }: FlowSeries): Line[] {
  return NODES.flatMap((node): Line[] => {
    const column: FlowColumn = `${node}_w`;
    const values = columns[column];
    if (!values.some((value) => value !== null && value !== 0)) return [];
    const estimated = node === "unmetered" || columns.derived.every((name) => name === node);
    return [{ id: node, label: t(NODE_WORDS[node]), unit: "W", values, kind: "stack", color: NODE_COLORS[node], estimated }];
  });
}
