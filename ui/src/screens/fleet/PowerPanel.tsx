/** The power of the fleet over the range of the screen, moving with it. */
import { useMemo, type ReactNode } from "react";
import { toLines, useAnswer, type QueryAnswer } from "../../api/query";
import { GoButton } from "../../app/GoButton";
import { TimeChart, type Question } from "../../charts";
import { PHONE, useMedia } from "../../forms";
import { t } from "../../i18n";
import { Empty, Panel, Skeleton, type PanelQuery } from "../../states";
import { useRange } from "../../time";
import type { FleetAnswer } from "./ask";
import css from "./fleet.module.css";
import { powerBasis, powerQuestion, total, type PowerBasis } from "./power";

const REFETCH_MS = 10_000;
const HEIGHT = 240;
/** Of the panel's content while it loads: the plot, its tools, legend and caption. */
const WHOLE = "24.4rem";

export function PowerPanel({ fleet, names }: { fleet: PanelQuery<FleetAnswer>; names: ReadonlyMap<string, string> }): ReactNode {
  const range = useRange();
  const points = useMedia(PHONE) ? 150 : 300;
  const basis = fleet.data === undefined ? undefined : powerBasis(fleet.data);
  const question = useMemo(
    () => (basis == null ? null : powerQuestion(basis, { from: range.from, to: range.to }, points)),
    [basis, range.from, range.to, points],
  );
  const answer = useAnswer(question, { refetchMs: range.live && REFETCH_MS });
  const title = t(basis === "meter" ? "fleet.powerMeters" : "fleet.powerGrid");
  const className = css["power"] ?? "";
  if (basis === undefined) {
    return (
      <Panel title={title} state={fleet} skeleton={<Skeleton height={WHOLE} />} className={className}>
        {null}
      </Panel>
    );
  }
  if (basis === null || question === null) {
    return (
      <Panel title={title} className={className}>
        <Empty why={t("fleet.noMeters")} detail={t("fleet.noMetersDetail")} action={<GoButton to="/catalog">{t("fleet.toCatalog")}</GoButton>} />
      </Panel>
    );
  }
  return (
    <Panel title={title} {...(basis === "site" ? { help: t("fleet.powerHelp") } : {})} state={answer} skeleton={<Skeleton height={WHOLE} />} className={className}>
      {(shown) => <PowerChart title={title} answer={shown} basis={basis} question={question} names={names} />}
    </Panel>
  );
}

interface PowerChartProps {
  readonly title: string;
  readonly answer: QueryAnswer;
  readonly basis: PowerBasis;
  readonly question: Question;
  readonly names: ReadonlyMap<string, string>;
}

function PowerChart({ title, answer, basis, question, names }: PowerChartProps): ReactNode {
  const range = useRange();
  const { times, lines } = useMemo(() => {
    const drawn = toLines(answer, ({ site_id: site = "", sensor_id: sensor }) => [names.get(site) ?? site, sensor].filter(Boolean).join(" · "));
    const sum = basis === "site" ? total(drawn.lines, t("fleet.allSites")) : undefined;
    return { times: drawn.times, lines: sum === undefined ? drawn.lines : [...drawn.lines, sum] };
  }, [answer, names, basis]);
  const { window, tier, downsampled } = answer.meta;
  return (
    <TimeChart
      title={title}
      isTitleHidden
      times={times}
      lines={lines}
      zone={range.zone}
      height={HEIGHT}
      range={range}
      live={range.live}
      stepMs={typeof window === "number" ? window : undefined}
      truth={{ tier, downsampled, asOf: answer.asOf }}
      exportAs={question}
      syncKey="fleet"
      onZoom={(from, to) => range.set({ from, to })}
    />
  );
}
