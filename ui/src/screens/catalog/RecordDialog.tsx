/** Create, change and delete one record. */
import { useState, type ReactNode } from "react";
import { Go } from "../../app/Go";
import { Button, Confirm, Dialog, Form, FormActions, TextField } from "../../forms";
import { t } from "../../i18n";
import { AttributesEditor } from "./AttributesEditor";
import css from "./catalog.module.css";
import { ConflictPanel } from "./ConflictPanel";
import { FIELDS, nameOf, type CatalogRecord, type FieldSpec, type Kind } from "./kinds";
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
  const [asked, setAsked] = useState<"delete" | "leave" | null>(null);
  const close = () => (form.isChanged ? setAsked("leave") : onClose());
  const title = record ? nameOf(kind, record) : t("catalog.newOf", { kind: t(`catalog.one.${kind}`) });
  return (
    <Dialog title={title} isOpen onClose={close} size="large">
      {record && <ScreenLink kind={kind} record={record} />}
      {form.conflict ? (
        <ConflictPanel kind={kind} form={form} conflict={form.conflict} />
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
              {record && (
                <Button tone="danger" className={css["apart"] ?? ""} isPending={form.busy === "delete"} onPress={() => setAsked("delete")}>
                  {t("catalog.delete")}
                </Button>
              )}
              <Button onPress={close}>{t("forms.cancel")}</Button>
              <Button tone="primary" type="submit" isPending={form.busy === "save"}>
                {t(record ? "catalog.save" : "catalog.create")}
              </Button>
            </FormActions>
          )}
        </Form>
      )}
      <Confirm
        title={t("catalog.deleteOne", { name: title })}
        isOpen={asked === "delete"}
        onClose={() => setAsked(null)}
        onConfirm={() => {
          setAsked(null);
          form.delete();
        }}
        action={t("catalog.delete")}
      >
        <p>{t("catalog.deleteManyWhy")}</p>
      </Confirm>
      <Confirm title={t("catalog.leave")} isOpen={asked === "leave"} onClose={() => setAsked(null)} onConfirm={onClose} action={t("catalog.discard")}>
        <p>{t("catalog.leaveWhy")}</p>
      </Confirm>
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

/** Where the screen of a record is. */
function ScreenLink({ kind, record }: { kind: Kind; record: CatalogRecord }): ReactNode {
  const id = String(record.fields["id"] ?? "");
  const building = String(record.fields["building"] ?? "");
  const to = { sites: "/sites/$site", buildings: "/buildings/$building", rooms: "/buildings/$building/rooms/$room" }[kind as string];
  if (to === undefined) return null;
  const params = kind === "sites" ? { site: id } : kind === "buildings" ? { building: id } : { building, room: id };
  return (
    <p className={css["toScreen"]}>
      <Go to={to} params={params}>
        {t("catalog.toScreen")}
      </Go>
    </p>
  );
}
