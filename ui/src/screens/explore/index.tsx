import { GoButton } from "../../app/GoButton";
import { useMemo, type ReactNode } from "react";
import { Problem } from "../../api/problem";
import { useDegrees } from "../../app/degrees";
import { CopyButton, Menu, PHONE, Tabs, useMedia } from "../../forms";
import { t } from "../../i18n";
import { Banner, Empty, ErrorState, OfflineNote, Skeleton, useOnline } from "../../states";
import { TimePicker, useRange } from "../../time";
import { asText as textOf, writtenText } from "../../url/text";
import { useSearchParams } from "../../url/useSearchParams";
import { parseAsk, printAsk, questionOf, type Ask } from "./ask";
import { Builder } from "./Builder";
import css from "./explore.module.css";
import { promCurl, stepFor } from "./prom";
import { rangeClause, rangeEnds } from "./rangeClause";
import { remember, useRecent } from "./recent";
import { Result, VIEWS, type View } from "./Result";
import { askOfSensor, firstAsk, useFacets, useSeries, type Series } from "./useSeries";
import { useResult, type Wanted } from "./useResult";
import { Words } from "./Words";
import { asPromQL, asText } from "./text";

const WAYS = ["builder", "text", "promql"] as const;
type Way = (typeof WAYS)[number];
const oneOf = <T extends string>(all: readonly T[], text: string | undefined): T | undefined => all.find((one) => one === text);

/** Any question about the readings: built, in words or in PromQL; as chart, table or numbers; all of it in the URL. */
export default function ExploreScreen(): ReactNode {
  const series = useSeries();
  const online = useOnline();
  return (
    <div className={css["screen"]}>
      <div className={css["head"]}>
        <h1>{t("explore.title")}</h1>
        <RecentMenu />
        <div className={css["time"]}>
          <TimePicker />
        </div>
      </div>
      {series.data !== undefined ? (
        <Asked series={series.data} />
      ) : !online ? (
        <OfflineNote />
      ) : series.error !== null ? (
        <ErrorState problem={series.error} retry={() => void series.refetch()} />
      ) : (
        <>
          <Skeleton height={220} />
          <Skeleton height={480} />
        </>
      )}
    </div>
  );
}

function Asked({ series }: { series: readonly Series[] }): ReactNode {
  const [search, change] = useSearchParams();
  const range = useRange();
  const { degrees } = useDegrees();
  const { unitOf } = useFacets(series);
  const [q, promql, sensor, site] = ["q", "promql", "sensor", "site"].map((name) => textOf(search[name]));
  const askText = writtenText(search["ask"]);
  const way = oneOf(WAYS, textOf(search["as"])) ?? "builder";
  const view = oneOf(VIEWS, textOf(search["view"])) ?? "chart";
  const parsed = useMemo(() => parseAsk(askText), [askText]);
  const ask = useMemo(() => parsed ?? (sensor === undefined ? firstAsk(series) : askOfSensor(series, sensor, site)), [parsed, sensor, site, series]);
  const spanMs = range.to - range.from;
  const step = stepFor(spanMs);
  const words = q ?? asText(ask, rangeClause(range.range, range), { unitOf, degrees });
  const promised = asPromQL(ask, ask.window === "auto" ? stepText(step) : ask.window);
  const prom = promql ?? ("query" in promised ? promised.query : "");
  const asked = { zone: range.zone, degrees, unitOf };
  const question = questionOf(ask, { ...asked, ...rangeEnds(range.range, range) });
  const wanted = useMemo((): Wanted | null => {
    if (way === "text") return { kind: "text", q: words };
    if (way === "promql") return prom === "" ? null : { kind: "promql", query: prom, from: range.from, to: range.to, step };
    const own = questionOf(ask, { start: range.from, end: range.to, zone: range.zone, degrees, unitOf });
    return own === undefined ? null : { kind: "ask", question: own };
  }, [way, words, prom, ask, range.from, range.to, range.zone, degrees, unitOf, step]);
  const result = useResult(wanted);
  // What is not understood is said and pointed at where it was written.
  const isFault = way !== "builder" && result.error instanceof Problem && result.error.status === 400 && result.data === undefined;

  if (series.length === 0) return <Empty why={t("explore.noSeries")} detail={t("explore.noSeriesDetail")} action={<GoButton to="/add">{t("explore.add")}</GoButton>} />;
  const run = (next: Ask) => {
    const text = printAsk(next);
    remember({ label: asText(next, rangeClause(range.range, range), { unitOf, degrees }), search: { ask: text } });
    if (text === askText) void result.refetch();
    else change({ ask: text, sensor: undefined, site: undefined, q: undefined, promql: undefined });
  };
  const runWords = (name: "q" | "promql", text: string) => {
    remember({ label: text, search: { as: name === "q" ? "text" : "promql", [name]: text } });
    if (text === textOf(search[name])) void result.refetch();
    else change({ [name]: text });
  };
  return (
    <>
      {askText !== undefined && parsed === undefined && <Banner tone="warn">{t("explore.badLink")}</Banner>}
      <Tabs
        label={t("explore.ways")}
        selected={way}
        onSelect={(id) => change({ as: id === "builder" ? undefined : id })}
        items={WAYS.map((id) => ({
          id,
          label: t(`explore.as.${id}`),
          content:
            id === "builder" ? (
              <Folded label={t("explore.builder")}>
                <Builder ask={ask} series={series} spanMs={spanMs} onRun={run} />
              </Folded>
            ) : id === "text" ? (
              <Words label={t("explore.as.text")} hint={t("explore.textHint")} text={words} error={way === id ? result.error : null} onRun={(text) => runWords("q", text)} series={series} />
            ) : (
              <Words label={t("explore.as.promql")} hint={"reason" in promised && promql === undefined ? t(`explore.noPromql.${promised.reason}`) : t("explore.promqlHint")} text={prom} error={way === id ? result.error : null} onRun={(text) => runWords("promql", text)} />
            ),
        }))}
      />
      {wanted !== null && !isFault && (
        <Result
          title={titleOf(way, ask, words, prom)}
          state={result}
          view={view}
          onView={(next: View) => change({ view: next === "chart" ? undefined : next })}
          range={range}
          isOfRange={way !== "text"}
          question={way === "builder" ? (question ?? null) : way === "text" ? words : null}
          curl={promCurl(location.origin, prom, range, step)}
          onWindow={(window) => run({ ...ask, window })}
        />
      )}
      <CopyRow text={asText(ask, rangeClause(range.range, range), { unitOf, degrees })} way={way} />
    </>
  );
}

const stepText = (seconds: number): string => (seconds % 3_600 === 0 ? `${seconds / 3_600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`);

function titleOf(way: Way, ask: Ask, words: string, prom: string): string {
  if (way !== "builder") return way === "text" ? words : prom || t("explore.as.promql");
  return ask.rows.filter((row) => row.metric !== "").map(({ fn, metric, by }) => [`${t(`explore.fn.${fn}`)} ${metric}`, ...(by.length ? [t("explore.titleBy", { keys: by.join(", ") })] : [])].join(" ")).join(", ") || t("explore.title");
}

/** On a phone the answer comes first: what made it unfolds. */
function Folded({ label, children }: { label: string; children: ReactNode }): ReactNode {
  const phone = useMedia(PHONE);
  if (!phone) return children;
  return (
    <details className={css["folded"]}>
      <summary>{label}</summary>
      {children}
    </details>
  );
}

/** The question in words below its answer, to take it elsewhere. */
function CopyRow({ text, way }: { text: string; way: Way }): ReactNode {
  if (way !== "builder") return null;
  return (
    <div className={css["copies"]}>
      <code>{text}</code>
      <CopyButton text={text} label={t("explore.copyText")} />
    </div>
  );
}

function RecentMenu(): ReactNode {
  const recent = useRecent();
  const [, change] = useSearchParams();
  if (recent.length === 0) return null;
  const none = { ask: undefined, q: undefined, promql: undefined, as: undefined, sensor: undefined, site: undefined };
  return <Menu label={t("explore.recent")} icon="clock" tone="quiet" items={recent.map(({ label, search }, i) => ({ id: String(i), label, run: () => change({ ...none, ...search }) }))} />;
}
