/** The events as a table. */
import { useMemo, type ReactNode } from "react";
import { copyText, toast } from "../../forms";
import { fmt, t, useLocale } from "../../i18n";
import { Age } from "../../states";
import { DataTable, type Column } from "../../table";
import { useZone } from "../../time";
import css from "./events.module.css";
import { Level } from "./Level";
import type { EventRow } from "./rows";

const getKey = (row: EventRow) => row.id;

interface Props {
  readonly rows: readonly EventRow[];
  readonly empty: ReactNode;
  /** The same question for a shell. */
  readonly curl: string;
  readonly onOpen: (row: EventRow) => void;
}

export function EventTable({ rows, empty, curl, onOpen }: Props): ReactNode {
  const locale = useLocale();
  const zone = useZone();
  const hasSources = rows.some((row) => row.source !== "");
  const columns = useMemo<readonly Column<EventRow>[]>(
    () => [
      { id: "criticality", label: t("events.criticality"), kind: "number", width: 6, value: (row) => row.criticality, render: (row) => <Level value={row.criticality} /> },
      {
        id: "message",
        label: t("events.message"),
        isTitle: true,
        grow: 4,
        width: 16,
        value: (row) => row.message,
        render: (row) => (
          <button type="button" className={css["opens"]} onClick={() => onOpen(row)}>
            {row.message || t("events.noMessage")}
          </button>
        ),
      },
      { id: "source", label: t("events.source"), kind: "choice", width: 8, value: (row) => row.source, isExtra: !hasSources },
      { id: "ts", label: t("events.time"), kind: "time", width: 13, value: (row) => row.ts, render: (row) => fmt.time(row.ts, zone, "second") },
      { id: "age", label: t("events.age"), isPlain: true, width: 7, value: (row) => row.ts, render: (row) => <Age ts={row.ts} /> },
      { id: "id", label: t("events.id"), isExtra: true, width: 16, value: (row) => row.id },
    ],
    [locale, zone, hasSources, onOpen],
  );
  const asked = async () => toast((await copyText(curl)) ? { title: t("events.curlCopied") } : { tone: "bad", title: t("events.curlNotCopied"), detail: curl });
  return (
    <DataTable
      label={t("events.title")}
      columns={columns}
      rows={rows}
      getKey={getKey}
      prefix="e"
      fileName="events"
      empty={empty}
      order={{ column: "ts", isDown: true }}
      onOpen={onOpen}
      exports={[{ id: "curl", label: t("events.asCurl"), icon: "copy", run: () => void asked() }]}
    />
  );
}
