/** The records of one kind: looked through, opened, deleted together. */
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { Button, Confirm, toast, useFocusKept } from "../../forms";
import { fmt, t, useLocale } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import { DataTable, type BulkAction, type Column } from "../../table";
import css from "./catalog.module.css";
import { FIELDS, keyOf, nameOf, type CatalogRecord, type Kind } from "./kinds";
import { removeAll, useRecords } from "./records";
import { useAsked } from "./useAsked";

export interface KindTableProps {
  readonly kind: Kind;
  readonly mayEdit: boolean;
  readonly onOpen: (record: CatalogRecord) => void;
  readonly onNew: () => void;
}

const NONE: readonly CatalogRecord[] = [];

function columnsOf(kind: Kind, rows: readonly CatalogRecord[], open: (record: CatalogRecord) => void): Column<CatalogRecord>[] {
  const title = kind === "points" ? "sensor_id" : "id";
  const fields = FIELDS[kind].map((field): Column<CatalogRecord> => {
    // A column in which nothing stands is offered, not shown.
    const isBare = rows.every(({ fields }) => fields[field.name] == null || fields[field.name] === "");
    const base = { id: field.name, label: t(field.label), value: (record: CatalogRecord) => record.fields[field.name] };
    if (field.name === title) {
      const render = (record: CatalogRecord) => (
        <button type="button" className={css["open"]} onClick={() => open(record)}>
          {String(record.fields[title])}
        </button>
      );
      return { ...base, isTitle: true, grow: 1, render };
    }
    return { ...base, ...(field.isNumber ? { kind: "number" as const } : field.of ? { kind: "choice" as const } : {}), isExtra: isBare || field.rows !== undefined };
  });
  const attributes: Column<CatalogRecord> = {
    id: "attributes",
    label: t("catalog.attributes"),
    grow: 2,
    isExtra: rows.every(({ attributes }) => Object.keys(attributes).length === 0),
    value: ({ attributes }) => Object.entries(attributes).map(([name, value]) => `${name}=${value}`).join(", "),
  };
  // Which record it is comes first.
  return [...fields.filter((column) => column.isTitle), ...fields.filter((column) => !column.isTitle), attributes];
}

export function KindTable({ kind, mayEdit, onOpen, onNew }: KindTableProps): ReactNode {
  const locale = useLocale();
  const client = useQueryClient();
  const records = useRecords(kind);
  const rows = records.data?.rows ?? NONE;
  const columns = useMemo(() => columnsOf(kind, rows, onOpen), [kind, rows, onOpen, locale]);
  const key = useMemo(() => (record: CatalogRecord) => keyOf(kind, record.fields), [kind]);
  const label = t(`catalog.kind.${kind}`);
  const frame = useRef<HTMLDivElement>(null);
  const [isDeleting, setDeleting] = useState(false);
  // Where nothing is left there is no table either: then the focus is on what makes a record.
  useFocusKept(isDeleting, frame, "button");
  const doomed = useAsked<readonly string[]>();
  const bulk: BulkAction[] = [
    {
      id: "delete",
      label: t("catalog.delete"),
      tone: "danger",
      run: async (keys) => {
        if (!(await doomed.ask(keys))) return false;
        const chosen = new Set(keys);
        setDeleting(true);
        try {
          const left = await removeAll(kind, rows.filter((record) => chosen.has(key(record))));
          const [first] = left;
          if (first) throw new Error(t("catalog.notDeleted", { n: left.length, of: fmt.count(keys.length), name: nameOf(kind, first.record), why: first.problem.message }));
        } finally {
          await client.invalidateQueries({ queryKey: ["catalog"] });
          setDeleting(false);
        }
        toast({ title: t("catalog.deletedN", { n: keys.length }) });
        return true;
      },
    },
  ];
  return (
    <div ref={frame}>
      <Panel
        title={label}
        state={records}
        skeleton={<Skeleton kind="rows" lines={8} />}
        empty={({ rows }) =>
          rows.length > 0 ? null : (
            <Empty
              why={t("catalog.none", { kind: label })}
              detail={t(`catalog.about.${kind}`)}
              {...(mayEdit ? { action: <Button onPress={onNew}>{t("catalog.newOf", { kind: t(`catalog.one.${kind}`) })}</Button> } : {})}
            />
          )
        }
      >
        {({ rows, isWhole }) => (
          <>
            {!isWhole && <p role="status">{t("catalog.notWhole", { n: rows.length })}</p>}
            <Confirm
              title={t("catalog.deleteMany", { n: doomed.about?.length ?? 0 })}
              isOpen={doomed.about !== null}
              onClose={() => doomed.answer(false)}
              onConfirm={() => doomed.answer(true)}
              action={t("catalog.delete")}
            >
              <p>{t("catalog.deleteManyWhy")}</p>
            </Confirm>
            <DataTable label={label} columns={columns} rows={rows} getKey={key} prefix={kind} fileName={kind} empty={null} onOpen={onOpen} {...(mayEdit ? { bulk } : {})} />
          </>
        )}
      </Panel>
    </div>
  );
}
