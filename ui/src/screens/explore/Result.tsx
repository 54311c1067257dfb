import { useMemo, type ReactNode } from "react";
import { toLines, type QueryAnswer } from "../../api/query";
import { type Askable, ExportMenu, Sparkline, TimeChart, type Line } from "../../charts";
import { Button, Toggle } from "../../forms";
import { fmt, t } from "../../i18n";
import { Problem } from "../../api/problem";
import { Empty, Panel, Skeleton, type PanelQuery } from "../../states";
import { DataTable } from "../../table";
import type { RangeState } from "../../time";
import { cellsOf } from "./cells";
import { windowMs } from "./cost";
import css from "./explore.module.css";
import { ShownMenu } from "./ShownMenu";

export const VIEWS = ["chart", "table", "stat"] as const;
export type View = (typeof VIEWS)[number];

interface ResultProps {
  readonly title: string;
  readonly state: PanelQuery<QueryAnswer>;
  readonly view: View;
  readonly onView: (view: View) => void;
  readonly range: RangeState;
  /** Whether the range above is the question's; a question in words has its own. */
  readonly isOfRange: boolean;
  /** What files and code are made of; null where the platform makes no files of such a question. */
  readonly question: Askable | null;
  /** The command that asks the same where `question` is null. */
  readonly curl: string;
  readonly onWindow: (window: string) => void;
}

const HEIGHT = 360;

/** The answer as chart, table or numbers. */
export function Result(props: ResultProps): ReactNode {
  const { title, state, view, onView, range, question, curl, onWindow } = props;
  const fitting = state.error instanceof Problem ? /window of (\w+) fits/.exec(`${state.error.hint ?? ""} ${state.error.detail}`)?.[1] : undefined;
  return (
    <Panel
      title={title}
      state={state}
      skeleton={<Skeleton height={HEIGHT + 90} />}
      actions={
        <>
          {fitting !== undefined && (
            <Button tone="primary" onPress={() => onWindow(fitting)}>
              {t("explore.useWindow", { window: fitting })}
            </Button>
          )}
          <div role="group" aria-label={t("explore.view")} className={css["keys"]}>
            {VIEWS.map((value) => (
              <Toggle key={value} isSelected={view === value} onChange={() => onView(value)}>
                {t(`explore.view.${value}`)}
              </Toggle>
            ))}
          </div>
          {question === null ? <ShownMenu title={title} answer={state.data} zone={range.zone} curl={curl} /> : <ExportMenu title={title} question={question} />}
        </>
      }
      empty={(answer) => (answer.rows === 0 ? <Empty why={t("explore.nothing")} detail={t("explore.nothingDetail")} action={<Button onPress={() => range.zoom(4)}>{t("explore.widen")}</Button>} /> : null)}
    >
      {(answer) => (view === "table" ? <Table answer={answer} zone={range.zone} title={title} /> : <Lines answer={answer} {...props} />)}
    </Panel>
  );
}

function Lines({ answer, title, view, range, isOfRange }: ResultProps & { answer: QueryAnswer }): ReactNode {
  const { times, lines } = useMemo(() => toLines(answer, labelled(answer)), [answer]);
  const { window, tier, downsampled } = answer.meta;
  const step = stepOf(answer);
  const span = useMemo(() => ({ from: range.from, to: range.to }), [range.from, range.to]);
  const onZoom = useMemo(() => (from: number, to: number) => range.set({ from, to }), [range.set]);
  if (view === "stat" || window === 0) return <Stats times={times} lines={lines} />;
  return (
    <TimeChart
      title={title}
      isTitleHidden
      times={times}
      lines={lines}
      zone={range.zone}
      height={HEIGHT}
      {...(step === undefined ? {} : { stepMs: step })}
      {...(isOfRange ? { range: span, onZoom } : {})}
      truth={{ tier, downsampled, asOf: answer.asOf }}
    />
  );
}

/** How long a point stands for; unknown where some were left out. */
function stepOf({ meta: { window, downsampled } }: QueryAnswer): number | undefined {
  if (downsampled === true) return undefined;
  return typeof window === "number" ? window || undefined : typeof window === "string" ? windowMs(window) : undefined;
}

/** A line is called by its groups; by its name, too, where the answer has several. */
function labelled(answer: QueryAnswer) {
  const several = new Set(answer.columns["name"] ?? []).size > 1;
  return (groups: Record<string, string>, name: string, metric: string | null): string => {
    const own = Object.values(groups).filter(Boolean).join(" · ") || metric || name;
    return several ? `${name} · ${own}` : own;
  };
}

const MOST_STATS = 60;

/** Of each line its last value, between what it lay, and how it went. */
function Stats({ times, lines }: { times: ArrayLike<number>; lines: readonly Line[] }): ReactNode {
  return (
    <>
      <ul className={css["stats"]}>
        {lines.slice(0, MOST_STATS).map((line) => {
          const known = Array.from(line.values).filter((value): value is number => value != null);
          const digits = fmt.digitsOf(known, line.unit);
          const written = (value: number | undefined) => (digits === undefined ? fmt.number(value, line.unit) : fmt.fixed(value, line.unit, digits));
          const [low, high] = known.reduce(([min, max], value) => [Math.min(min, value), Math.max(max, value)], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
          return (
            <li key={line.id} className={css["stat"]}>
              <span className={css["statLabel"]}>{line.label}</span>
              <strong>{written(known.at(-1))}</strong>
              <span className={css["soft"]}>{known.length > 1 ? t("explore.between", { low: written(low), high: written(high) }) : ""}</span>
              {known.length > 1 && <Sparkline label={line.label} values={line.values} times={times} unit={line.unit} />}
            </li>
          );
        })}
      </ul>
      {lines.length > MOST_STATS && <p className={css["soft"]}>{t("explore.moreLines", { n: lines.length - MOST_STATS })}</p>}
    </>
  );
}

function Table({ answer, zone, title }: { answer: QueryAnswer; zone: string; title: string }): ReactNode {
  const { columns, rows } = useMemo(() => cellsOf(answer, zone), [answer, zone]);
  return <DataTable label={title} columns={columns} rows={rows} getKey={(row) => String(row["#"])} prefix="x" empty={null} fileName="explore" maxHeight="28rem" />;
}
