/** Every row's fate per source, and whether the sum is right. */
import { GoButton } from "../../app/GoButton";
import { useQuery } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";
import { api, unwrap, type JsonOf } from "../../api/client";
import { every } from "../../api/every";
import { Icon } from "../../forms";
import { fmt, t, useLocale } from "../../i18n";
import { Age, Empty, Panel, Skeleton } from "../../states";
import { DataTable, type Column } from "../../table";
import css from "./system.module.css";
import { named } from "./words";

type LedgerAnswer = JsonOf<"/v1/system/ledger">;
type LedgerRow = LedgerAnswer["data"][number];

const REFRESH_MS = 5_000;
const FATES = ["received", "stored", "duplicate", "superseded", "rejected", "dead_lettered", "in_flight"] as const;
/** Fates that somebody should look into. */
const BAD: ReadonlySet<string> = new Set(["rejected", "dead_lettered"]);

const getKey = (row: LedgerRow) => row.source ?? "";

export function Ledger(): ReactNode {
  const state = useQuery({
    queryKey: ["system", "ledger"],
    queryFn: async ({ signal }) => (await unwrap(api.GET("/v1/system/ledger", { signal }))) as LedgerAnswer,
    refetchInterval: every(REFRESH_MS),
  });
  return (
    <Panel
      title={t("system.ledger")}
      help={t("system.ledgerHelp")}
      state={state}
      skeleton={<Skeleton kind="rows" lines={4} />}
      empty={(answer) => (answer.data.length === 0 ? <Empty why={t("system.ledgerEmpty")} action={<GoButton to="/add">{t("system.addData")}</GoButton>} /> : null)}
    >
      {(answer) => (
        <div className={css["stack"]}>
          <Balance answer={answer} />
          <LedgerTable rows={answer.data} />
        </div>
      )}
    </Panel>
  );
}

/** The sentence that people look for: all accounted for, or how many are not. */
function Balance({ answer }: { answer: LedgerAnswer }): ReactNode {
  const received = answer.data.reduce((sum, row) => sum + (row.received ?? 0), 0);
  const missing = answer.data.reduce((sum, row) => sum + Math.abs(row.difference ?? 0), 0);
  return (
    <p className={css[missing ? "ill" : "well"]}>
      <Icon name={missing ? "warning" : "check"} /> {missing ? t("system.unbalanced", { n: missing, of: fmt.count(received) }) : t("system.balanced", { n: received })}{" "}
      <span className={css["soft"]}>
        {t("system.asOf")} <Age ts={Date.parse(answer.as_of)} />
      </span>
    </p>
  );
}

function LedgerTable({ rows }: { rows: readonly LedgerRow[] }): ReactNode {
  const locale = useLocale();
  const columns = useMemo<readonly Column<LedgerRow>[]>(
    () => [
      { id: "source", label: t("system.source"), isTitle: true, width: 7, value: (row) => row.source },
      ...FATES.map((fate) => ({
        id: fate,
        label: named("counter", fate),
        kind: "number" as const,
        width: 6.25,
        value: (row: LedgerRow) => row[fate],
        render: (row: LedgerRow) => <span className={BAD.has(fate) && row[fate] ? css["warned"] : undefined}>{fmt.count(row[fate])}</span>,
      })),
      {
        id: "difference",
        label: t("system.difference"),
        kind: "number",
        width: 6.25,
        value: (row) => row.difference,
        render: (row) => <span className={row.difference ? css["wrong"] : undefined}>{fmt.count(row.difference)}</span>,
      },
    ],
    [locale],
  );
  return <DataTable label={t("system.ledger")} columns={columns} rows={rows} getKey={getKey} prefix="l" fileName="ledger" empty={null} />;
}
