/** What the columns of a file mean: guessed, shown with the first records, and changed where the guess is wrong. */
import type { ReactNode } from "react";
import { Combo, Select, TextField, type Option } from "../../forms";
import { t } from "../../i18n";
import css from "./add.module.css";
import { FileForm } from "./FileForm";
import type { ColumnMeaning, Mapping, Role } from "./mapping";
import type { Decimal } from "./numbers";
import type { Preview, Said } from "./preview";
import { needsZone, TIME_FORMS, timeFormOf, type TimeForm } from "./times";
import { nameOf, UNITS } from "./units";

const ROLES: readonly Role[] = ["none", "time", "sensor", "site", "metric", "value", "unit", "measure"];
/** Of which a file has one column at most. */
const SINGLE: ReadonlySet<Role> = new Set(["time", "sensor", "site", "metric", "value", "unit"]);
const DECIMALS: readonly Decimal[] = [".", ","];
const SHOWN_ROWS = 4;
const unitOptions: readonly Option[] = UNITS.map((value) => ({ value, label: value }));

interface Props {
  readonly preview: Preview;
  readonly mapping: Mapping;
  readonly isDisabled: boolean;
  readonly onChange: (mapping: Mapping) => void;
  readonly onReread: (said: Said) => void;
}

export function CsvMapping({ preview, mapping, isDisabled, onChange, onReread }: Props): ReactNode {
  const has = (role: Role) => mapping.columns.some((column) => column.role === role);
  const samples = (role: Role) => {
    const at = mapping.columns.findIndex((column) => column.role === role);
    return at < 0 ? [] : preview.rows.slice(0, 100).map((row) => row[at] ?? "");
  };

  function change(at: number, part: Partial<ColumnMeaning>): void {
    const columns = mapping.columns.map((column, i) => {
      if (i === at) return { ...column, ...part };
      return part.role && SINGLE.has(part.role) && column.role === part.role ? { ...column, role: "none" as const } : column;
    });
    const timeForm = part.role === "time" ? timeFormOf(preview.rows.slice(0, 100).map((row) => row[at] ?? "")) : undefined;
    onChange({ ...mapping, columns, ...(timeForm ? { timeForm } : {}) });
  }

  return (
    <fieldset disabled={isDisabled} className={css["mapping"]}>
      <legend>{t("add.columns")}</legend>
      <FileForm preview={preview} isDisabled={isDisabled} onChange={onReread} />
      <ul className={css["columns"]}>
        {mapping.columns.map((column, i) => (
          <li key={`${i} ${column.header}`} className={css["column"]} data-unused={column.role === "none" || undefined}>
            <div className={css["sample"]}>
              <strong>{column.header || t("add.unnamed", { n: i + 1 })}</strong>
              <span className={css["soft"]}>
                {preview.rows
                  .slice(0, SHOWN_ROWS)
                  .map((row) => row[i] ?? "")
                  .join(" · ")}
              </span>
            </div>
            <Select
              label={t("add.means", { column: column.header || t("add.unnamed", { n: i + 1 }) })}
              value={column.role}
              isDisabled={isDisabled}
              options={ROLES.map((role) => ({ value: role, label: t(`add.role.${role}`) }))}
              onChange={(role) => change(i, { role: role as Role })}
            />
            {(column.role === "measure" || (column.role === "value" && !has("metric"))) && (
              <TextField label={t("add.metric")} value={column.metric} isDisabled={isDisabled} isCode onChange={(metric) => change(i, { metric: nameOf(metric) })} />
            )}
            {(column.role === "measure" || (column.role === "value" && !has("unit"))) && (
              <Combo label={t("add.unit")} value={column.unit} isDisabled={isDisabled} options={unitOptions} isOpenEnded onChange={(unit) => change(i, { unit })} />
            )}
          </li>
        ))}
      </ul>
      <div className={css["fields"]}>
        <Select
          label={t("add.timeForm")}
          value={mapping.timeForm}
          isDisabled={isDisabled}
          options={TIME_FORMS.map((value) => ({ value, label: t(`add.time.${value}`) }))}
          onChange={(value) => onChange({ ...mapping, timeForm: value as TimeForm })}
        />
        <Select
          label={t("add.decimal")}
          value={mapping.decimal}
          isDisabled={isDisabled}
          options={DECIMALS.map((value) => ({ value, label: t(value === "." ? "add.point" : "add.comma") }))}
          onChange={(value) => onChange({ ...mapping, decimal: value as Decimal })}
        />
        {needsZone(mapping.timeForm, samples("time")) && (
          <Combo
            label={t("add.clock")}
            value={mapping.zone}
            isDisabled={isDisabled}
            options={ZONES}
            onChange={(zone) => onChange({ ...mapping, zone })}
          />
        )}
        {!has("sensor") && <TextField label={t("add.sensor")} value={mapping.sensor} isDisabled={isDisabled} isCode onChange={(sensor) => onChange({ ...mapping, sensor })} />}
        {!has("site") && <TextField label={t("add.site")} value={mapping.site} isDisabled={isDisabled} isCode onChange={(site) => onChange({ ...mapping, site })} />}
      </div>
    </fieldset>
  );
}

const ZONES: readonly Option[] = ["UTC", ...Intl.supportedValuesOf("timeZone")].map((value) => ({ value, label: value }));
