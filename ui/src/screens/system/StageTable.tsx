/** Every stage and its parts in numbers. */
import { useMemo, type ReactNode } from "react";
import { fmt, t, useLocale } from "../../i18n";
import { DataTable, type Column } from "../../table";
import type { Part, Pipeline } from "./usePipeline";
import { depthText, fullness, lagText, named, rateText } from "./words";

interface StageRow extends Part {
  readonly key: string;
  readonly title: string;
}

function rowsOf(pipeline: Pipeline): readonly StageRow[] {
  return (pipeline.stages ?? []).flatMap(({ parts, ...stage }) => {
    const title = named("stage", stage.stage ?? "");
    const own = { ...stage, key: stage.stage ?? "", title };
    return [own, ...(parts ?? []).map((part) => ({ ...part, key: `${stage.stage}/${part.stage}`, title: `${title} › ${named("stage", part.stage ?? "")}` }))];
  });
}

const counters = (row: StageRow) => (row.counters ?? []).map(({ name, value }) => `${named("counter", name ?? "")} ${fmt.count(value)}`).join(", ");
const getKey = (row: StageRow) => row.key;

export function StageTable({ pipeline }: { pipeline: Pipeline }): ReactNode {
  const locale = useLocale();
  const rows = useMemo(() => rowsOf(pipeline), [pipeline, locale]);
  const columns = useMemo<readonly Column<StageRow>[]>(
    () => [
      { id: "stage", label: t("system.stage"), isTitle: true, width: 10, value: (row) => row.title },
      { id: "rate_10s", label: t("system.rate10"), kind: "number", width: 9, value: (row) => row.rate_10s, render: (row) => rateText(row.rate_10s, row.unit) },
      { id: "rate_60s", label: t("system.rate60"), kind: "number", width: 9, value: (row) => row.rate_60s, render: (row) => rateText(row.rate_60s, row.unit), isExtra: true },
      { id: "lag_p50_ms", label: t("system.lag50"), kind: "number", width: 6, value: (row) => row.lag_p50_ms, render: (row) => lagText(row.lag_p50_ms) },
      { id: "lag_p95_ms", label: t("system.lag95"), kind: "number", width: 6, value: (row) => row.lag_p95_ms, render: (row) => lagText(row.lag_p95_ms) },
      { id: "depth", label: t("system.depth"), kind: "number", width: 10, value: (row) => row.depth, render: (row) => depthText(row.depth, row.bound, row.depth_unit) },
      { id: "full", label: t("system.full"), kind: "number", width: 5, value: (row) => fullness(row.depth, row.bound), render: (row) => fmt.percent(fullness(row.depth, row.bound), 1), isExtra: true },
      { id: "counters", label: t("system.counters"), grow: 3, width: 14, value: counters },
    ],
    [locale],
  );
  return <DataTable label={t("system.stages")} columns={columns} rows={rows} getKey={getKey} prefix="s" fileName="pipeline" empty={null} />;
}
