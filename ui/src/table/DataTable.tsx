/** Rows to look through: up to tens of thousands, sorted, filtered, chosen, exported; cards on a phone. */
import { useCallback, useRef, useState, type ReactNode } from "react";
import { Button } from "../forms/Button";
import type { Action } from "../forms/Menu";
import type { IconName } from "../forms/Icon";
import { toast } from "../forms/Toast";
import { useFocusKept } from "../forms/useFocusKept";
import { fmt, t } from "../i18n";
import { Empty } from "../states/Empty";
import type { Column } from "./column";
import { Grid } from "./Grid";
import { clearChange, nextSort, sortChange } from "./state";
import type { Sort } from "./sort";
import css from "./table.module.css";
import { Toolbar } from "./Toolbar";
import { useSelection, useTable, type Selection } from "./useTable";

/** Something to do with the rows that were chosen. */
export interface BulkAction {
  readonly id: string;
  readonly label: string;
  readonly icon?: IconName;
  readonly tone?: "normal" | "danger";
  /**
   * Gets the keys. Once it is done, their rows are chosen no more. They stay chosen when it fails, and the message is shown,
   * or when it gives false: somebody was asked and said no.
   */
  readonly run: (keys: readonly string[]) => void | Promise<void | boolean>;
}

/** More rows where these came from, page by page. */
export interface More {
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly load: () => void;
}

export interface DataTableProps<Row> {
  /** What the rows are: "Batteries". Names the table for screen readers. */
  readonly label: string;
  /** Made once: outside the component, or memoised. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly getKey: (row: Row) => string;
  /** Starts the table's parameters in the URL: `b` gives `b.sort`, `b.f.soc`. Different for each table of a screen. */
  readonly prefix: string;
  /** What stands there when there are no rows at all. */
  readonly empty: ReactNode;
  readonly order?: Sort;
  readonly onOpen?: (row: Row) => void;
  readonly bulk?: readonly BulkAction[];
  /** Exports beside CSV and JSON of what is shown, such as those of the platform. */
  readonly exports?: readonly Action[];
  readonly fileName?: string;
  readonly more?: More;
  readonly maxHeight?: string;
}

const NONE: readonly never[] = [];

export function DataTable<Row>(props: DataTableProps<Row>): ReactNode {
  const { label, columns, rows, getKey, prefix, empty, onOpen, bulk = NONE, exports = NONE, more, maxHeight = "min(70vh, 48rem)" } = props;
  const view = useTable(rows, columns, prefix, props.order ?? null);
  const selection = useSelection(rows, getKey);
  const root = useRef<HTMLDivElement>(null);
  // The buttons above the rows go with the choice, and the focus with them: then it is the row's that was used last.
  useFocusKept(selection.keys.size > 0, root, view.rows.length > 0 ? "[role=row][tabindex='0']" : "input");
  const { change, state } = view;
  const { load, hasMore, isLoading } = more ?? { load: undefined, hasMore: false, isLoading: false };
  const onEnd = useCallback(() => {
    if (hasMore && !isLoading) load?.();
  }, [hasMore, isLoading, load]);

  if (rows.length === 0) return empty;
  return (
    <div ref={root} className={css["table"]}>
      <Toolbar label={label} all={rows} columns={columns} view={view} prefix={prefix} fileName={props.fileName ?? prefix} exports={exports} />
      {selection.keys.size > 0 && <BulkBar bulk={bulk} selection={selection} matching={view.rows.map(getKey)} />}
      {view.rows.length === 0 ? (
        <Empty
          icon="filter"
          why={t("table.nothingFits")}
          detail={t("table.rows", { n: rows.length })}
          action={<Button onPress={() => change(clearChange(prefix, state))}>{t("table.clear")}</Button>}
        />
      ) : (
        <Grid
          label={label}
          columns={view.columns}
          rows={view.rows}
          getKey={getKey}
          order={view.order}
          onSort={(column) => change(sortChange(prefix, nextSort(state.sort, column)))}
          selection={bulk.length > 0 ? selection : undefined}
          onOpen={onOpen}
          onEnd={onEnd}
          maxHeight={maxHeight}
          question={JSON.stringify([view.order, state.search, state.filters])}
        />
      )}
      {more !== undefined && more.hasMore && (
        <div className={css["more"]}>
          <Button isPending={more.isLoading} onPress={more.load}>
            {t("table.loadMore")}
          </Button>
          <span className={css["soft"]}>{t("table.loadedOnly", { n: rows.length })}</span>
        </div>
      )}
    </div>
  );
}

/** What can be done with the rows that were chosen. Those that a filter hides are counted too, and said. */
function BulkBar({ bulk, selection, matching }: { bulk: readonly BulkAction[]; selection: Selection; matching: readonly string[] }): ReactNode {
  const { keys } = selection;
  const inSight = matching.reduce((sum, key) => sum + Number(keys.has(key)), 0);
  const hidden = keys.size - inSight;
  const [running, setRunning] = useState<string | null>(null);

  async function start(id: string, run: BulkAction["run"]): Promise<void> {
    setRunning(id);
    const asked = [...keys];
    try {
      if ((await run(asked)) !== false) selection.drop(asked);
    } catch (error) {
      toast({ tone: "bad", title: t("table.bulkFailed"), detail: error instanceof Error ? error.message : String(error) });
    } finally {
      setRunning(null);
    }
  }

  return (
    <div role="group" aria-label={t("table.bulk")} className={css["bulk"]}>
      <span role="status">
        {t("table.chosen", { n: keys.size })}
        {hidden > 0 && ` ${t("table.chosenHidden", { n: hidden })}`}
      </span>
      {inSight < matching.length && (
        <Button tone="quiet" onPress={() => selection.replace([...keys, ...matching])}>
          {t("table.chooseMatching", { n: fmt.count(matching.length) })}
        </Button>
      )}
      {bulk.map(({ id, label, icon, tone = "normal", run }) => (
        <Button
          key={id}
          tone={tone}
          {...(icon === undefined ? {} : { icon })}
          isPending={running === id}
          isDisabled={running !== null && running !== id}
          onPress={() => void start(id, run)}
        >
          {label}
        </Button>
      ))}
      <Button tone="quiet" icon="close" onPress={selection.clear}>
        {t("table.chooseNone")}
      </Button>
    </div>
  );
}
