/** A table over lists that stay where they are: a row is an index into them. Loaded when the first one is asked for. */

import { type ReactNode, useMemo } from "react";

import { t } from "../i18n";
import { Empty } from "../states";
import { type Column, DataTable } from "../table";
import { fileName } from "./names";

export interface IndexRow {
  index: number;
}

export interface IndexTableProps {
  title: string;
  count: number;
  columns: readonly Column<IndexRow>[];
  onOpen?: ((index: number) => void) | undefined;
}

export default function IndexTable({ title, count, columns, onOpen }: IndexTableProps): ReactNode {
  const rows = useMemo(() => Array.from({ length: count }, (_, index): IndexRow => ({ index })), [count]);
  const name = fileName(title);
  return (
    <DataTable
      label={title}
      columns={columns}
      rows={rows}
      getKey={(row) => String(row.index)}
      prefix={name.replaceAll(/[^a-z0-9]/g, "")}
      fileName={name}
      empty={<Empty why={t("charts.nothing")} />}
      maxHeight="24rem"
      {...(onOpen === undefined ? {} : { onOpen: (row: IndexRow) => onOpen(row.index) })}
    />
  );
}
