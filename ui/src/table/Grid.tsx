/** Headings and rows. Only the rows in sight are in the document; every row has a place in it for screen readers. */
import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from "react";
import { Checkbox } from "../forms/fields";
import { Icon } from "../forms/Icon";
import { PHONE, useMedia } from "../forms/useMedia";
import { t } from "../i18n";
import type { Column } from "./column";
import { rowAfterKey } from "./keys";
import { Row } from "./Row";
import type { Sort } from "./sort";
import css from "./table.module.css";
import type { Selection } from "./useTable";

export interface GridProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly getKey: (row: Row) => string;
  readonly order: Sort | null;
  readonly onSort: (column: Column<Row>) => void;
  readonly selection: Selection | undefined;
  readonly onOpen: ((row: Row) => void) | undefined;
  /** Called when the last rows come into sight. */
  readonly onEnd: (() => void) | undefined;
  readonly maxHeight: string;
  /** Says what was asked for; when it changes the table goes back to its first row. */
  readonly question: string;
}

const ROW_PX = 40;
/** Where fingers point, a row is a target, too. */
const TOUCH_ROW_PX = 48;
const CARD_PX = 132;
const SELECT_REM = 2.75;
/** A date with seconds, in the longest of the languages. */
const TIME_REM = 12.5;

export function Grid<Row>(props: GridProps<Row>): ReactNode {
  const { label, columns, rows, getKey, selection, onOpen, onEnd, maxHeight, question } = props;
  const cards = useMedia(PHONE);
  const rowPx = useMedia("(pointer: coarse)") ? TOUCH_ROW_PX : ROW_PX;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const wantsFocus = useRef(false);
  const asked = useRef(question);
  const cursor = Math.min(active, Math.max(rows.length - 1, 0));

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (cards ? CARD_PX : rowPx),
    getItemKey: useCallback((index: number) => getKey(rows[index] as Row), [rows, getKey]),
    overscan: 6,
    // The row with the focus stays in the document however far it is scrolled away; else the focus would be lost.
    rangeExtractor: useCallback(
      (range: Range) => {
        const inSight = defaultRangeExtractor(range);
        return inSight.includes(cursor) || cursor >= rows.length ? inSight : [...inSight, cursor].sort((a, b) => a - b);
      },
      [cursor, rows.length],
    ),
  });
  const items = virtual.getVirtualItems();
  const last = virtual.range?.endIndex ?? 0;

  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 1) onEnd?.();
  }, [last, rows.length, onEnd]);

  useEffect(() => {
    if (asked.current === question) return;
    asked.current = question;
    setActive(0);
    scroller.current?.scrollTo({ top: 0 });
  }, [question]);

  useEffect(() => {
    if (!wantsFocus.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${cursor}"]`);
    if (row === null || row === undefined) return;
    wantsFocus.current = false;
    row.focus({ preventScroll: true });
  });

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    // Keys that were pressed in a control inside a row are that control's.
    if (!(event.target instanceof HTMLElement) || event.target.getAttribute("role") !== "row") return;
    const row = rows[cursor];
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? rowPx) / rowPx) - 2);
    const next = rowAfterKey(cursor, event.key, rows.length, page);
    if (next !== undefined) {
      wantsFocus.current = true;
      setActive(next);
      virtual.scrollToIndex(next, { align: "auto" });
    } else if (event.key === " " && selection !== undefined && row !== undefined) selection.toggle(getKey(row));
    else if (event.key === "Enter" && onOpen !== undefined && row !== undefined) onOpen(row);
    else return;
    event.preventDefault();
  }

  return (
    <div ref={scroller} className={css["scroller"]} style={{ maxHeight }} data-cards={cards || undefined}>
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + (selection === undefined ? 0 : 1)}
        aria-multiselectable={selection === undefined ? undefined : true}
        className={css["grid"]}
        style={tracks(columns, selection !== undefined, rowPx)}
      >
        <div role="rowgroup" className={cards ? "visually-hidden" : css["headings"]}>
          <Headings {...props} isPlain={cards} />
        </div>
        <div role="rowgroup" className={css["rows"]} style={{ height: virtual.getTotalSize() }} onKeyDown={onKeyDown}>
          {items.map((item) => {
            const row = rows[item.index] as Row;
            const key = getKey(row);
            return (
              <Row
                key={item.key}
                row={row}
                rowKey={key}
                index={item.index}
                top={item.start}
                columns={columns}
                isCurrent={item.index === cursor}
                isCard={cards}
                isSelected={selection?.keys.has(key)}
                onToggle={selection?.toggle}
                onOpen={onOpen}
                onFocus={setActive}
                measure={virtual.measureElement}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** The columns' widths, as a grid that all rows share. */
function tracks<Row>(columns: readonly Column<Row>[], selects: boolean, rowPx: number): CSSProperties {
  const widths = columns.map(({ kind, width = kind === "number" ? 6 : kind === "time" ? TIME_REM : 9 }) => width);
  const parts = columns.map(({ grow = 1 }, n) => `minmax(${widths[n]}rem, ${grow}fr)`);
  const total = widths.reduce((sum, width) => sum + width, selects ? SELECT_REM : 0);
  const template = [...(selects ? [`${SELECT_REM}rem`] : []), ...parts].join(" ");
  return { "--tracks": template, "--least": `${total}rem`, "--row": `${rowPx}px` } as CSSProperties;
}

/** The row of headings: buttons that sort; plain words where rows are cards. */
function Headings<Row>({ columns, rows, getKey, order, onSort, selection, isPlain }: GridProps<Row> & { isPlain: boolean }): ReactNode {
  const chosen = selection === undefined ? 0 : rows.reduce((sum, row) => sum + Number(selection.keys.has(getKey(row))), 0);
  return (
    <div role="row" aria-rowindex={1} className={css["row"]}>
      {selection !== undefined && (
        <div role="columnheader" className={css["select"]}>
          {isPlain ? (
            t("table.selected")
          ) : (
            <Checkbox
              aria-label={t("table.selectAll", { n: rows.length })}
              isSelected={chosen > 0 && chosen === rows.length}
              isIndeterminate={chosen > 0 && chosen < rows.length}
              onChange={(all) => (all ? selection.replace([...selection.keys, ...rows.map(getKey)]) : selection.clear())}
            />
          )}
        </div>
      )}
      {columns.map((column) => {
        const direction = order?.column !== column.id ? undefined : order.isDown ? "descending" : "ascending";
        return (
          <div
            key={column.id}
            role="columnheader"
            aria-sort={column.isPlain === true ? undefined : (direction ?? "none")}
            className={css["heading"]}
            data-kind={column.kind}
            data-title={column.isTitle}
          >
            {isPlain || column.isPlain === true ? (
              column.label
            ) : (
              <button type="button" className={css["sorter"]} onClick={() => onSort(column)}>
                {column.label}
                <span className={css["arrow"]}>{direction !== undefined && <Icon name={order?.isDown === true ? "sortDown" : "sortUp"} size={14} />}</span>
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}
