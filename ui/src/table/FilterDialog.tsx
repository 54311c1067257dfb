/** One filter of a table, made or changed. */
import { useMemo, useState, type FormEvent, type ReactNode } from "react";
import { Button } from "../forms/Button";
import { Select } from "../forms/choose";
import { Checkbox, NumberField, TextField } from "../forms/fields";
import { Dialog } from "../forms/Overlay";
import { fmt, t } from "../i18n";
import type { Column } from "./column";
import { choicesOf, type Filter, type NumberOp } from "./filter";
import css from "./table.module.css";

export interface FilterDialogProps<Row> {
  readonly column: Column<Row>;
  readonly rows: readonly Row[];
  readonly filter: Filter | undefined;
  readonly onClose: () => void;
  /** null takes the filter out. */
  readonly onChange: (filter: Filter | null) => void;
}

const FORM = "table-filter";
/** More than these are searched in the text, not ticked. */
const MOST_CHOICES = 100;

export function FilterDialog<Row>({ column, rows, filter, onClose, onChange }: FilterDialogProps<Row>): ReactNode {
  const [draft, setDraft] = useState<Filter | null>(filter ?? null);
  const kind = column.kind === "number" ? "number" : column.kind === "choice" ? "choice" : "text";
  function submit(event: FormEvent): void {
    event.preventDefault();
    onChange(draft);
    onClose();
  }
  return (
    <Dialog
      isOpen
      title={t("table.filterBy", { column: column.label })}
      onClose={onClose}
      footer={
        <>
          <Button onPress={onClose}>{t("forms.cancel")}</Button>
          <Button type="submit" form={FORM} tone="primary">
            {t("table.apply")}
          </Button>
        </>
      }
    >
      <form id={FORM} onSubmit={submit} className={css["filterForm"]}>
        {kind === "number" ? (
          <NumberFilter label={column.label} filter={draft?.kind === "number" ? draft : null} onChange={setDraft} />
        ) : kind === "choice" ? (
          <ChoiceFilter column={column} rows={rows} filter={draft?.kind === "choice" ? draft : null} onChange={setDraft} />
        ) : (
          <TextField
            label={t("table.contains")}
            autoFocus
            value={draft?.kind === "text" ? draft.text : ""}
            onChange={(text) => setDraft(text.trim() === "" ? null : { kind: "text", text })}
          />
        )}
      </form>
    </Dialog>
  );
}

type NumberFilterOf = Extract<Filter, { kind: "number" }>;
const OPS: readonly NumberOp[] = ["<", "<=", "=", ">=", ">", ".."];
const OP_NAMES = { "<": "below", "<=": "atMost", "=": "equal", ">=": "atLeast", ">": "above", "..": "between" } as const;

interface Edits<F extends Filter> {
  readonly filter: F | null;
  readonly onChange: (filter: F | null) => void;
}

function NumberFilter({ label, filter, onChange }: Edits<NumberFilterOf> & { label: string }): ReactNode {
  const [op, setOp] = useState<NumberOp>(filter?.op ?? ">=");
  const [low, setLow] = useState(filter?.low ?? Number.NaN);
  const [high, setHigh] = useState(filter?.high ?? Number.NaN);

  function tell(next: { op?: NumberOp; low?: number; high?: number }): void {
    const of = { op, low, high, ...next };
    if (next.op !== undefined) setOp(next.op);
    if (next.low !== undefined) setLow(next.low);
    if (next.high !== undefined) setHigh(next.high);
    if (Number.isNaN(of.low) || (of.op === ".." && Number.isNaN(of.high))) onChange(null);
    else if (of.op !== "..") onChange({ kind: "number", op: of.op, low: of.low });
    else onChange({ kind: "number", op: "..", low: Math.min(of.low, of.high), high: Math.max(of.low, of.high) });
  }

  return (
    <>
      <Select
        label={label}
        value={op}
        onChange={(value) => tell({ op: value as NumberOp })}
        options={OPS.map((value) => ({ value, label: t(`table.op.${OP_NAMES[value]}`) }))}
      />
      <NumberField label={op === ".." ? t("table.low") : t("table.value")} value={low} onChange={(value) => tell({ low: value })} />
      {op === ".." && <NumberField label={t("table.high")} value={high} onChange={(value) => tell({ high: value })} />}
    </>
  );
}

type ChoiceFilterOf = Extract<Filter, { kind: "choice" }>;

function ChoiceFilter<Row>({ column, rows, filter, onChange }: Edits<ChoiceFilterOf> & { column: Column<Row>; rows: readonly Row[] }): ReactNode {
  const choices = useMemo(() => choicesOf(rows, column).slice(0, MOST_CHOICES), [rows, column]);
  const chosen = filter?.values ?? [];
  return (
    <div role="group" aria-label={column.label} className={css["choices"]}>
      {choices.map(({ value, count }) => (
        <Checkbox
          key={value}
          isSelected={chosen.includes(value)}
          onChange={(on) => {
            const values = on ? [...chosen, value] : chosen.filter((other) => other !== value);
            onChange(values.length === 0 ? null : { kind: "choice", values });
          }}
        >
          {column.written?.(value) ?? value} <span className={css["soft"]}>{fmt.count(count)}</span>
        </Checkbox>
      ))}
    </div>
  );
}

/** A filter in words, for its chip. */
export function filterText<Row>(column: Column<Row>, filter: Filter): string {
  switch (filter.kind) {
    case "text":
      return `${column.label}: “${filter.text}”`;
    case "choice":
      return `${column.label}: ${filter.values.map((value) => column.written?.(value) ?? value).join(", ")}`;
    case "number":
      return filter.op === ".."
        ? `${column.label} ${fmt.number(filter.low)} – ${fmt.number(filter.high)}`
        : `${column.label} ${SIGNS[filter.op]} ${fmt.number(filter.low)}`;
  }
}

const SIGNS = { "<": "<", "<=": "≤", "=": "=", ">=": "≥", ">": ">" } as const;
