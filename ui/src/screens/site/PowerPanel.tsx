/** Mean power of every node over the range: what feeds the site above zero, what takes from it below. */
import { useMemo, type ReactNode } from "react";
import { TimeChart } from "../../charts";
import { t, useLocale } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import { useRange } from "../../time";
import { useFlowSeries, type FlowSeries } from "./ask";
import { NODES } from "./flow";
import { flowWindow } from "./flowWindow";
import { powerStacks } from "./stacks";

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
    >
      {(answer) => <PowerChart title={title} answer={answer} />}
    </Panel>
  );
}

function PowerChart({ title, answer }: { title: string; answer: FlowSeries }): ReactNode {
  const range = useRange();
  const locale = useLocale();
  // Labels are words of the language.
  const lines = useMemo(() => (locale ? powerStacks(answer.columns) : []), [answer, locale]);
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
