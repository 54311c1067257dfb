/** Create, change and delete one record. */
import { useState, type ReactNode } from "react";
import { Go } from "../../app/Go";
import { Button, Dialog, Form, FormActions, TextField } from "../../forms";
import { t } from "../../i18n";
import { AttributesEditor } from "./AttributesEditor";
import css from "./catalog.module.css";
import { differences, FIELDS, nameOf, type CatalogRecord, type FieldSpec, type Kind } from "./kinds";
import { Reference } from "./Reference";
import { useRecordForm, type RecordForm } from "./useRecordForm";

export interface RecordDialogProps {
  readonly kind: Kind;
  /** The record to edit; null for a new one. */
  readonly record: CatalogRecord | null;
  readonly mayEdit: boolean;
  readonly onClose: () => void;
  readonly onDone: (done: "saved" | "deleted") => void;
}

export function RecordDialog({ kind, record, mayEdit, onClose, onDone }: RecordDialogProps): ReactNode {
  const form = useRecordForm(kind, record, onDone);
  const [asked, setAsked] = useState(false);
  const title = record ? nameOf(kind, record) : t("catalog.newOf", { kind: t(`catalog.one.${kind}`) });
  return (
    <Dialog title={title} isOpen onClose={onClose} size="large">
      {record && <ScreenLink kind={kind} record={record} />}
      {form.theirs ? (
        <Conflict kind={kind} form={form} theirs={form.theirs} />
      ) : (
        <Form label={title} problem={form.problem} onSubmit={form.save}>
          <div className={css["fields"]}>
            {FIELDS[kind].map((field) => (
              <FieldOf key={field.name} field={field} form={form} isDisabled={!mayEdit || (record !== null && field.isKey === true)} />
            ))}
          </div>
          <AttributesEditor pairs={form.pairs} onChange={form.setPairs} isDisabled={!mayEdit} />
          {mayEdit && (
            <FormActions>
              {record && !asked && (
                <Button tone="quiet" onPress={() => setAsked(true)}>
                  {t("catalog.delete")}
                </Button>
              )}
              {record && asked && (
                <Button tone="danger" autoFocus isPending={form.busy === "delete"} onPress={form.delete}>
                  {t("catalog.deleteSure")}
                </Button>
              )}
              <Button onPress={onClose}>{t("forms.cancel")}</Button>
              <Button tone="primary" type="submit" isPending={form.busy === "save"}>
                {t(record ? "catalog.save" : "catalog.create")}
              </Button>
            </FormActions>
          )}
        </Form>
      )}
    </Dialog>
  );
}

function FieldOf({ field, form, isDisabled }: { field: FieldSpec; form: RecordForm; isDisabled: boolean }): ReactNode {
  const { name, of, rows } = field;
  const value = form.values[name] ?? "";
  const shared = { name, label: t(field.label), isRequired: field.isRequired ?? false, isDisabled, onChange: (text: string) => form.set(name, text) };
  if (of) return <Reference {...shared} of={of} value={value === "" ? null : value} building={form.values["building"] ?? null} isOpenEnded />;
  return <TextField {...shared} value={value} {...(rows === undefined ? {} : { rows })} {...(field.isNumber ? { inputMode: "decimal" as const } : {})} />;
}

/** Somebody else was faster: what both say, and the choice. */
function Conflict({ kind, form, theirs }: { kind: Kind; form: RecordForm; theirs: CatalogRecord }): ReactNode {
  return (
    <div role="alert" className={css["conflict"]}>
      <p>{t("catalog.conflict")}</p>
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
            {differences(kind, form.mine, theirs).map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.label ? t(one.label) : one.name}</th>
                <td>{one.mine || "–"}</td>
                <td>{one.theirs || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <FormActions>
        <Button onPress={form.takeTheirs}>{t("catalog.takeTheirs")}</Button>
        <Button tone="primary" isPending={form.busy === "save"} onPress={form.keepMine}>
          {t("catalog.keepMine")}
        </Button>
      </FormActions>
    </div>
  );
}

/** Where the screen of a record is. */
function ScreenLink({ kind, record }: { kind: Kind; record: CatalogRecord }): ReactNode {
  const id = String(record.fields["id"] ?? "");
  const building = String(record.fields["building"] ?? "");
  const to = { sites: "/sites/$site", buildings: "/buildings/$building", rooms: "/buildings/$building/rooms/$room" }[kind as string];
  if (to === undefined) return null;
  const params = kind === "sites" ? { site: id } : kind === "buildings" ? { building: id } : { building, room: id };
  return (
    <p>
      <Go to={to} params={params}>
        {t("catalog.toScreen")}
      </Go>
    </p>
  );
}
