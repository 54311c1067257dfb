/** Free attributes, pair by pair. */
import type { ReactNode } from "react";
import { Button, TextField } from "../../forms";
import { t } from "../../i18n";
import { faultOf, newPair, type Pair } from "./attributes";
import css from "./catalog.module.css";

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
      {pairs.length === 0 && isDisabled && <p className={css["soft"]}>{t("catalog.noAttributes")}</p>}
      {pairs.map((pair) => {
        const fault = faultOf(pair, pairs);
        const errorMessage = fault === null ? undefined : t(`catalog.attribute.${fault}`);
        return (
          <div key={pair.id} className={css["pair"]}>
            <TextField
              label={t("catalog.attributeName")}
              value={pair.name}
              isDisabled={isDisabled}
              isInvalid={fault !== null}
              errorMessage={errorMessage}
              autoFocus={pair.was === undefined && pair.name === "" && pair.value === ""}
              onChange={(name) => set(pair.id, { name })}
            />
            <TextField label={t("catalog.attributeValue")} value={pair.value} isDisabled={isDisabled} onChange={(value) => set(pair.id, { value })} />
            <Button
              tone="quiet"
              icon="close"
              isDisabled={isDisabled}
              aria-label={t("catalog.removeAttribute", { name: pair.name || "–" })}
              onPress={() => onChange(pairs.filter(({ id }) => id !== pair.id))}
            />
          </div>
        );
      })}
      {!isDisabled && (
        <Button tone="quiet" icon="plus" onPress={() => onChange([...pairs, newPair()])}>
          {t("catalog.addAttribute")}
        </Button>
      )}
    </fieldset>
  );
}
