import { useMemo, type ReactNode } from "react";
import { useDegrees } from "../../app/degrees";
import { Go, useGo } from "../../app/Go";
import { ScreenHead } from "../../app/ScreenHead";
import { t, useLocale } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import { DataTable } from "../../table";
import css from "./batteries.module.css";
import { columnsOf } from "./columns";
import { useBatteries } from "./data";
import { Totals } from "./Totals";

/** All batteries: what they do now, how worn they are, and which need somebody. */
export default function BatteriesScreen(): ReactNode {
  const locale = useLocale();
  const batteries = useBatteries();
  const { degrees, write, convert } = useDegrees();
  const go = useGo();
  // The columns' names follow the language, their numbers the unit of temperatures.
  const columns = useMemo(() => columnsOf({ degrees, write, convert }), [locale, degrees]);
  return (
    <div className={css["screen"]}>
      <ScreenHead title={t("batteries.title")} />
      <Panel title={t("batteries.all")} state={batteries} skeleton={<Skeleton kind="rows" lines={12} />} empty={(rows) => (rows.length === 0 ? <None /> : null)}>
        {(rows) => (
          <>
            <Totals batteries={rows} />
            <DataTable
              label={t("batteries.title")}
              columns={columns}
              rows={rows}
              getKey={(row) => `${row.site_id}/${row.id}`}
              prefix="b"
              fileName="batteries"
              order={{ column: "soc", isDown: false }}
              empty={<None />}
              onOpen={(row) => go("/batteries/$battery", { battery: String(row.id) }, { site: String(row.site_id) })}
              maxHeight="max(24rem, 100dvh - 19rem)"
              more={{ hasMore: batteries.hasNextPage, isLoading: batteries.isFetchingNextPage, load: () => void batteries.fetchNextPage() }}
            />
          </>
        )}
      </Panel>
    </div>
  );
}

function None(): ReactNode {
  return <Empty why={t("batteries.none")} detail={t("batteries.noneDetail")} action={<Go to="/add" className={css["action"]}>{t("batteries.add")}</Go>} />;
}
