import { useMemo, type ReactNode } from "react";
import { Button, Select, TextField } from "../../forms";
import { fmt, t } from "../../i18n";
import { FILLS, MOST_ROWS, nextName, printAsk, WINDOWS, type Ask, type Fill } from "./ask";
import { BuilderRow } from "./BuilderRow";
import { costOf, type Cost } from "./cost";
import css from "./explore.module.css";
import { useDraft } from "./useDraft";
import { useFacets, type Series } from "./useSeries";

interface BuilderProps {
  /** What the URL asks. */
  readonly ask: Ask;
  readonly series: readonly Series[];
  readonly spanMs: number;
  readonly onRun: (ask: Ask) => void;
}

/** Rows that fetch, arithmetic between them, windows; what it will cost is said before it is asked. */
export function Builder({ ask, series, spanMs, onRun }: BuilderProps): ReactNode {
  const [draft, setDraft] = useDraft(ask, printAsk(ask));
  const facets = useFacets(series);
  const cost = useMemo(() => costOf(draft, series, spanMs), [draft, series, spanMs]);
  const change = (part: Partial<Ask>) => setDraft((before) => ({ ...before, ...part }));
  const isChanged = JSON.stringify(draft) !== JSON.stringify(ask);
  const isReady = draft.rows.some((row) => row.metric !== "");
  const windows = WINDOWS.includes(draft.window as (typeof WINDOWS)[number]) ? WINDOWS : [...WINDOWS, draft.window];
  return (
    <form
      aria-label={t("explore.builder")}
      className={css["builder"]}
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) onRun(draft);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && isReady) onRun(draft);
      }}
    >
      {draft.rows.map((row, i) => (
        <BuilderRow
          key={row.name}
          row={row}
          facets={facets}
          onChange={(next) => change({ rows: draft.rows.map((one, at) => (at === i ? next : one)) })}
          onRemove={draft.rows.length > 1 ? () => change({ rows: draft.rows.filter((_, at) => at !== i) }) : undefined}
        />
      ))}
      {draft.math.map(({ name, expression }, i) => (
        <div key={name} className={css["formula"]}>
          <span className={css["name"]}>{name}</span>
          <TextField
            label={t("explore.formula", { name })}
            isCode
            value={expression}
            placeholder="100 * (a - b) / b"
            onChange={(text) => change({ math: draft.math.map((one, at) => (at === i ? { name, expression: text } : one)) })}
          />
          <Button tone="quiet" icon="close" aria-label={t("explore.remove", { name })} onPress={() => change({ math: draft.math.filter((_, at) => at !== i) })} />
        </div>
      ))}
      <div className={css["adds"]}>
        <Button tone="quiet" icon="plus" isDisabled={draft.rows.length >= MOST_ROWS} onPress={() => change({ rows: [...draft.rows, { name: nextName(draft), metric: "", fn: "mean", where: {}, by: draft.rows[0]?.by ?? [] }] })}>
          {t("explore.addRow")}
        </Button>
        <Button tone="quiet" icon="plus" isDisabled={draft.math.length >= MOST_ROWS} onPress={() => change({ math: [...draft.math, { name: nextName(draft), expression: "" }] })}>
          {t("explore.addFormula")}
        </Button>
      </div>
      <div className={css["run"]}>
        <Select label={t("explore.window")} value={draft.window} onChange={(window) => change({ window })} options={windows.map((value) => ({ value, label: windowText(value) }))} />
        <Select label={t("explore.fill")} value={draft.fill} onChange={(fill) => change({ fill: fill as Fill })} options={FILLS.map((value) => ({ value, label: t(`explore.fill.${value}`) }))} />
        <CostLine cost={cost} onWindow={(window) => change({ window })} />
        <Button type="submit" tone="primary" isDisabled={!isReady} aria-keyshortcuts="Control+Enter">
          {t(isChanged ? "explore.run" : "explore.again")}
        </Button>
      </div>
    </form>
  );
}

function windowText(window: string): string {
  return window === "auto" ? t("explore.windowAuto") : window === "all" ? t("explore.windowAll") : window;
}

/** Series × points; what is too much is said before it is refused, with a window that fits. */
function CostLine({ cost, onWindow }: { cost: Cost; onWindow: (window: string) => void }): ReactNode {
  const { series, lines, windows, points, over, fitting } = cost;
  const numbers = { series: fmt.count(series), lines: fmt.count(lines), windows: fmt.count(windows ?? 0), points: fmt.count(points ?? 0) };
  return (
    <div role="status" className={css["cost"]} data-over={over}>
      <p>{t(points === undefined ? "explore.costRaw" : "explore.cost", numbers)}</p>
      {over !== undefined && <p>{t(`explore.over.${over}`)}</p>}
      {fitting !== undefined && <Button onPress={() => onWindow(fitting)}>{t("explore.useWindow", { window: fitting })}</Button>}
    </div>
  );
}
