/** Above a table: search, filters, what is shown of it, files of it; or what to do with the rows that were chosen. */
import { useState, type ReactNode } from "react";
import { Button } from "../forms/Button";
import { Checkbox } from "../forms/fields";
import { Icon } from "../forms/Icon";
import { Menu, type Action } from "../forms/Menu";
import { PopoverPanel } from "../forms/Overlay";
import { PHONE, useMedia } from "../forms/useMedia";
import { fmt, t } from "../i18n";
import type { Column } from "./column";
import { csvOf, jsonOf, save } from "./exports";
import { FilterDialog, filterText } from "./FilterDialog";
import { clearChange, columnsChange, filterChange, searchChange, sortChange } from "./state";
import css from "./table.module.css";
import type { TableView } from "./useTable";

export interface ToolbarProps<Row> {
  readonly label: string;
  /** All rows, before filters. */
  readonly all: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly view: TableView<Row>;
  readonly prefix: string;
  readonly fileName: string;
  readonly exports: readonly Action[];
}

export function Toolbar<Row>(props: ToolbarProps<Row>): ReactNode {
  const { label, all, columns, view, prefix } = props;
  const [editing, setEditing] = useState<Column<Row> | null>(null);
  const phone = useMedia(PHONE);
  const { state, change } = view;
  const filterable = columns.filter((column) => column.isPlain !== true && column.kind !== "time");
  return (
    <>
      <div role="group" aria-label={t("table.tools", { label })} className={css["toolbar"]}>
        <label className={css["search"]}>
          <Icon name="search" />
          <input
            type="search"
            placeholder={t("table.search")}
            aria-label={t("table.searchIn", { label })}
            value={state.search}
            onChange={(event) => change(searchChange(prefix, event.target.value), { replace: true })}
          />
        </label>
        <Menu
          label={t("table.filter")}
          icon="filter"
          tone="quiet"
          iconOnly={phone}
          items={filterable.map((column) => ({ id: column.id, label: column.label, run: () => setEditing(column) }))}
        />
        {phone && <SortMenu {...props} />}
        <ColumnPicker {...props} iconOnly={phone} />
        <ExportMenu {...props} iconOnly={phone} />
        <Count {...props} />
      </div>
      <Chips {...props} onEdit={setEditing} />
      {editing !== null && (
        <FilterDialog
          key={editing.id}
          column={editing}
          rows={all}
          filter={state.filters[editing.id]}
          onClose={() => setEditing(null)}
          onChange={(filter) => change(filterChange(prefix, editing.id, filter))}
        />
      )}
    </>
  );
}

function Count<Row>({ all, view }: ToolbarProps<Row>): ReactNode {
  const [n, of] = [view.rows.length, all.length];
  return (
    <span role="status" className={css["count"]}>
      {n === of ? t("table.rows", { n }) : t("table.rowsOf", { n, of: fmt.count(of) })}
    </span>
  );
}

function Chips<Row>({ columns, view, prefix, onEdit }: ToolbarProps<Row> & { onEdit: (column: Column<Row>) => void }): ReactNode {
  const { state, change } = view;
  const set = columns.flatMap((column) => {
    const filter = state.filters[column.id];
    return filter === undefined ? [] : [{ column, text: filterText(column, filter) }];
  });
  if (set.length + state.faults.length === 0) return null;
  return (
    <ul className={css["chips"]} aria-label={t("table.filters")}>
      {set.map(({ column, text }) => (
        <li key={column.id} className={css["chip"]}>
          <button type="button" onClick={() => onEdit(column)}>
            {text}
          </button>
          <button type="button" aria-label={t("table.remove", { text })} onClick={() => change(filterChange(prefix, column.id, null))}>
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
      {state.faults.map(({ parameter, value }) => (
        <li key={parameter} className={css["chip"]} data-wrong>
          <span>{t("table.notUnderstood", { text: `${parameter}=${value}` })}</span>
          <button type="button" aria-label={t("table.remove", { text: parameter })} onClick={() => change({ [parameter]: undefined })}>
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
      <li>
        <Button tone="quiet" onPress={() => change(clearChange(prefix, state))}>
          {t("table.clear")}
        </Button>
      </li>
    </ul>
  );
}

function SortMenu<Row>({ columns, view, prefix }: ToolbarProps<Row>): ReactNode {
  const items = columns
    .filter((column) => column.isPlain !== true)
    .flatMap((column) =>
      [false, true].map((isDown) => ({
        id: `${column.id}${isDown}`,
        label: t(isDown ? "table.sortedDown" : "table.sortedUp", { column: column.label }),
        icon: isDown ? ("sortDown" as const) : ("sortUp" as const),
        run: () => view.change(sortChange(prefix, { column: column.id, isDown })),
      })),
    );
  return <Menu label={t("table.sort")} icon={view.order?.isDown === true ? "sortDown" : "sortUp"} tone="quiet" iconOnly items={items} />;
}

function ColumnPicker<Row>({ columns, view, prefix, iconOnly }: ToolbarProps<Row> & { iconOnly: boolean }): ReactNode {
  const shown = new Set(view.columns.map((column) => column.id));
  const button = { icon: "columns", tone: "quiet" } as const;
  return (
    <PopoverPanel
      title={t("table.columns")}
      trigger={iconOnly ? <Button {...button} aria-label={t("table.columns")} /> : <Button {...button}>{t("table.columns")}</Button>}
    >
      <div className={css["picker"]}>
        {columns.map((column) => (
          <Checkbox
            key={column.id}
            isDisabled={column.isTitle ?? false}
            isSelected={shown.has(column.id)}
            onChange={(on) => {
              const picked = columns.filter(({ id }) => (id === column.id ? on : shown.has(id)));
              view.change(columnsChange(prefix, picked.map(({ id }) => id)));
            }}
          >
            {column.label}
          </Checkbox>
        ))}
        <Button isDisabled={view.state.picked === null} onPress={() => view.change(columnsChange(prefix, null))}>
          {t("table.usualColumns")}
        </Button>
      </div>
    </PopoverPanel>
  );
}

function ExportMenu<Row>({ view, fileName, exports, iconOnly }: ToolbarProps<Row> & { iconOnly: boolean }): ReactNode {
  const detail = t("table.rows", { n: view.rows.length });
  const items: Action[] = [
    { id: "csv", label: "CSV", detail, run: () => save(`${fileName}.csv`, "text/csv;charset=utf-8", csvOf(view.columns, view.rows)) },
    { id: "json", label: "JSON", detail, run: () => save(`${fileName}.json`, "application/json", jsonOf(view.columns, view.rows)) },
    ...exports,
  ];
  return <Menu label={t("table.export")} icon="download" tone="quiet" iconOnly={iconOnly} items={items} />;
}
