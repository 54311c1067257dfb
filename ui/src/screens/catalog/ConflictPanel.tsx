/** Somebody else was faster: what both made of the record, and the choice, one by one. */
import { useState, type ReactNode } from "react";
import { Button, FormActions } from "../../forms";
import { t } from "../../i18n";
import css from "./catalog.module.css";
import { differences, merged, type Difference, type Side } from "./conflict";
import type { Kind } from "./kinds";
import type { Conflict, RecordForm } from "./useRecordForm";

export function ConflictPanel({ kind, form, conflict }: { kind: Kind; form: RecordForm; conflict: Conflict }): ReactNode {
  const { theirs, base, wanted } = conflict;
  const found = theirs ? differences(kind, base, form.mine, theirs) : [];
  const [chosen, setChosen] = useState<ReadonlyMap<string, Side>>(new Map());
  const sides = new Map(found.map(({ id, usual }) => [id, chosen.get(id) ?? usual]));
  const content = theirs ? merged(kind, form.mine, theirs, sides) : form.mine;
  const words = theirs === null ? "gone" : wanted === "delete" ? "deleting" : "conflict";
  return (
    <div className={css["conflict"]}>
      <p role="alert">{t(`catalog.${words}`)}</p>
      {found.length > 0 && <Differences found={found} sides={sides} onChoose={(id, side) => setChosen(new Map([...chosen, [id, side]]))} />}
      <FormActions>
        <Button onPress={() => form.goOn(content)}>{t("catalog.goOn")}</Button>
        <Button tone={words === "deleting" ? "danger" : "primary"} autoFocus isPending={form.busy !== null} onPress={() => form.settle(content)}>
          {t(words === "gone" ? "catalog.createAgain" : words === "deleting" ? "catalog.deleteAnyway" : "catalog.saveChosen")}
        </Button>
      </FormActions>
    </div>
  );
}

interface DifferencesProps {
  readonly found: readonly Difference[];
  readonly sides: ReadonlyMap<string, Side>;
  readonly onChoose: (id: string, side: Side) => void;
}

function Differences({ found, sides, onChoose }: DifferencesProps): ReactNode {
  return (
    <div className={css["scroll"]}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("catalog.field")}</th>
            <th scope="col">{t("catalog.mine")}</th>
            <th scope="col">{t("catalog.theirs")}</th>
          </tr>
        </thead>
        <tbody>
          {found.map((one) => {
            const called = one.label ? t(one.label) : one.name;
            return (
              <tr key={one.id}>
                <th scope="row">{called}</th>
                {(["mine", "theirs"] as const).map((side) => (
                  <td key={side}>
                    <label className={css["side"]}>
                      <input
                        type="radio"
                        name={`side ${one.id}`}
                        aria-label={`${called}, ${t(`catalog.${side}`)}: ${one[side] || "–"}`}
                        checked={sides.get(one.id) === side}
                        onChange={() => onChoose(one.id, side)}
                      />
                      <span>{one[side] || "–"}</span>
                    </label>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
