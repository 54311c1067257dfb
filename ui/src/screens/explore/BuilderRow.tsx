import { useMemo, type ReactNode } from "react";
import { Button, Combo, Menu, Select, Toggle } from "../../forms";
import { fmt, t } from "../../i18n";
import { FUNCTIONS, SHIFTS, type AskRow, type Fn } from "./ask";
import css from "./explore.module.css";
import type { Facets } from "./useSeries";

interface RowProps {
  readonly row: AskRow;
  readonly facets: Facets;
  readonly onChange: (row: AskRow) => void;
  readonly onRemove: (() => void) | undefined;
}

/** One thing that is fetched: metric, filters, function, groups, an earlier period. */
export function BuilderRow({ row, facets, onChange, onRemove }: RowProps): ReactNode {
  const { name, metric, fn, where, by, shift } = row;
  const metrics = useMemo(() => facets.metrics.map((one) => ({ value: one.name, label: one.name, detail: t("explore.seriesCount", { n: one.count }) })), [facets]);
  const free = facets.keys.filter((key) => !(key in where));
  return (
    <fieldset className={css["row"]}>
      <legend className={css["name"]}>{name}</legend>
      <Combo label={t("explore.metric")} options={metrics} value={metric} isOpenEnded onChange={(value) => onChange({ ...row, metric: value })} />
      <Select label={t("explore.fn")} value={fn} onChange={(value) => onChange({ ...row, fn: value as Fn })} options={FUNCTIONS.map((value) => ({ value, label: t(`explore.fn.${value}`) }))} />
      {Object.entries(where).map(([key, text]) => (
        <Filter key={key} name={key} text={text} row={row} facets={facets} onChange={onChange} />
      ))}
      {free.length > 0 && (
        <div className={css["bottom"]}>
          <Menu label={t("explore.addFilter")} icon="filter" tone="quiet" items={free.map((key) => ({ id: key, label: keyText(key), run: () => onChange({ ...row, where: { ...where, [key]: "" } }) }))} />
        </div>
      )}
      {fn !== "raw" && (
        <div role="group" aria-label={t("explore.by")} className={css["by"]}>
          <span className={css["label"]}>{t("explore.by")}</span>
          <div className={css["keys"]}>
            {facets.keys.map((key) => (
              <Toggle key={key} isSelected={by.includes(key)} onChange={(on) => onChange({ ...row, by: on ? [...by, key] : by.filter((one) => one !== key) })}>
                {keyText(key)}
              </Toggle>
            ))}
          </div>
        </div>
      )}
      <Select
        label={t("explore.shift")}
        value={shift ?? "none"}
        onChange={(value) => {
          const { shift: _, ...rest } = row;
          onChange(value === "none" ? rest : { ...rest, shift: value });
        }}
        options={["none", ...SHIFTS].map((value) => ({ value, label: t(`explore.shift.${value as "none"}`) }))}
      />
      {onRemove && <Button tone="quiet" icon="close" className={css["bottom"] ?? ""} aria-label={t("explore.remove", { name })} onPress={onRemove} />}
    </fieldset>
  );
}

/** The name of a key for people; tags keep the names that their senders gave them. */
export function keyText(key: string): string {
  return key.startsWith("tag:") ? key.slice(4) : t(`explore.key.${key as "site"}`);
}

function Filter({ name, text, row, facets, onChange }: { name: string; text: string; row: AskRow; facets: Facets; onChange: (row: AskRow) => void }): ReactNode {
  const options = useMemo(() => facets.values(row, name).map((one) => ({ value: one.name, label: one.name, detail: t("explore.seriesCount", { n: one.count }) })), [facets, row, name]);
  const rest = useMemo(() => Object.fromEntries(Object.entries(row.where).filter(([key]) => key !== name)), [row.where, name]);
  return (
    <div className={css["filter"]}>
      <Combo label={keyText(name)} options={options} value={text} isOpenEnded placeholder={`* (${fmt.count(options.length)})`} onChange={(value) => onChange({ ...row, where: { ...row.where, [name]: value } })} />
      <Button tone="quiet" icon="close" className={css["bottom"] ?? ""} aria-label={t("explore.removeFilter", { key: keyText(name) })} onPress={() => onChange({ ...row, where: rest })} />
    </div>
  );
}
