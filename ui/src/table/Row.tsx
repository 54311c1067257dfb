/** One row of a table; on a phone one card. */
import { memo, type MouseEvent, type ReactNode } from "react";
import { fmt, t } from "../i18n";
import { useZone } from "../time/useZone";
import type { Column } from "./column";
import css from "./table.module.css";

export interface RowProps<Row> {
  readonly row: Row;
  readonly rowKey: string;
  readonly index: number;
  /** Distance from the first row, px. */
  readonly top: number;
  readonly columns: readonly Column<Row>[];
  readonly isCurrent: boolean;
  readonly isCard: boolean;
  /** Undefined where rows cannot be chosen. */
  readonly isSelected: boolean | undefined;
  readonly onToggle: ((key: string) => void) | undefined;
  readonly onOpen: ((row: Row) => void) | undefined;
  readonly onFocus: (index: number) => void;
  readonly measure: (element: Element | null) => void;
}

function RowOf<Row>(props: RowProps<Row>): ReactNode {
  const { row, rowKey, index, top, columns, isCurrent, isCard, isSelected, onToggle, onOpen, onFocus, measure } = props;
  const zone = useZone();
  const title = columns.find((column) => column.isTitle === true) ?? columns[0];
  const name = String(title?.value(row) ?? rowKey);

  function onClick(event: MouseEvent): void {
    // A click on a control of the row is that control's, and so is the end of a selection of text.
    if (onOpen === undefined || (event.target as Element).closest("a, button, label, input") !== null) return;
    if (getSelection()?.isCollapsed !== false) onOpen(row);
  }

  return (
    <div
      ref={isCard ? measure : undefined}
      data-index={index}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      tabIndex={isCurrent ? 0 : -1}
      className={isCard ? css["card"] : css["row"]}
      data-opens={onOpen === undefined ? undefined : true}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onClick}
      onFocus={() => onFocus(index)}
    >
      {isSelected !== undefined && (
        <div role="gridcell" className={css["select"]}>
          {/* The browser's own: dozens of rows are made per frame while somebody scrolls. */}
          <label className={css["tick"]}>
            <input type="checkbox" aria-label={t("table.selectRow", { name })} checked={isSelected} onChange={() => onToggle?.(rowKey)} />
          </label>
        </div>
      )}
      {columns.map((column) => (
        <div key={column.id} role="gridcell" className={css["cell"]} data-kind={column.kind} data-title={column === title || undefined}>
          {isCard && column !== title && (
            <span aria-hidden="true" className={css["name"]}>
              {column.label}
            </span>
          )}
          {column.render?.(row) ?? shown(column, row, zone)}
        </div>
      ))}
    </div>
  );
}

/** A cell as it looks without a `render` of its own. */
function shown<Row>(column: Column<Row>, row: Row, zone: string): ReactNode {
  const cell = column.value(row);
  if (cell == null || cell === "") return <span className={css["nothing"]}>–</span>;
  if (column.kind === "time") return fmt.time(Number(cell), zone, "second");
  if (typeof cell === "number") return fmt.number(cell);
  const text = column.written?.(String(cell)) ?? String(cell);
  // Where it is cut the pointer finds the rest.
  return (
    <span className={css["text"]} title={text}>
      {text}
    </span>
  );
}

/** Rows are many and change seldom: one is made again only when something of it did. */
export const Row = memo(RowOf) as typeof RowOf;
