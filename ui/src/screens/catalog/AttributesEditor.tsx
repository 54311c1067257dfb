/** Free attributes, pair by pair. */
import type { ReactNode } from "react";
import { Button, TextField } from "../../forms";
import { t } from "../../i18n";
import css from "./catalog.module.css";
import { valueOf, type Attributes } from "./kinds";

/** A pair while it is typed; `id` keeps its fields apart from the others'. */
export interface Pair {
  readonly id: number;
  readonly name: string;
  readonly value: string;
}

let made = 0;

export function pairsOf(attributes: Attributes): Pair[] {
  return Object.entries(attributes).map(([name, value]) => ({ id: ++made, name, value: String(value) }));
}

/** What the pairs say; a pair without a name says nothing. */
export function attributesOf(pairs: readonly Pair[]): Attributes {
  return Object.fromEntries(pairs.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name.trim(), valueOf(value)]));
}

export interface AttributesEditorProps {
  readonly pairs: readonly Pair[];
  readonly onChange: (pairs: readonly Pair[]) => void;
  readonly isDisabled: boolean;
}

export function AttributesEditor({ pairs, onChange, isDisabled }: AttributesEditorProps): ReactNode {
  const set = (id: number, change: Partial<Pair>) => onChange(pairs.map((pair) => (pair.id === id ? { ...pair, ...change } : pair)));
  return (
    <fieldset className={css["attributes"]}>
      <legend>{t("catalog.attributes")}</legend>
      {pairs.map((pair) => (
        <div key={pair.id} className={css["pair"]}>
          <TextField label={t("catalog.attributeName")} value={pair.name} isDisabled={isDisabled} onChange={(name) => set(pair.id, { name })} />
          <TextField label={t("catalog.attributeValue")} value={pair.value} isDisabled={isDisabled} onChange={(value) => set(pair.id, { value })} />
          <Button
            tone="quiet"
            icon="close"
            isDisabled={isDisabled}
            aria-label={t("catalog.removeAttribute", { name: pair.name || "–" })}
            onPress={() => onChange(pairs.filter(({ id }) => id !== pair.id))}
          />
        </div>
      ))}
      <Button tone="quiet" icon="plus" isDisabled={isDisabled} onPress={() => onChange([...pairs, { id: ++made, name: "", value: "" }])}>
        {t("catalog.addAttribute")}
      </Button>
    </fieldset>
  );
}
