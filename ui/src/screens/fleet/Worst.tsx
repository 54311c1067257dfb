/** The ten assets that somebody should look at first, with the reason. */
import type { ReactNode } from "react";
import { Go } from "../../app/Go";
import { clsx } from "../../forms";
import { t } from "../../i18n";
import { Age, Empty } from "../../states";
import type { WorstRow } from "./ask";
import { placeOf } from "./assets";
import css from "./fleet.module.css";
import { StateMark } from "./StateMark";

export function Worst({ rows, names }: { rows: readonly WorstRow[]; names: ReadonlyMap<string, string> }): ReactNode {
  if (rows.length === 0) return <Empty icon="check" why={t("fleet.nothingWrong")} detail={t("fleet.nothingWrongDetail")} />;
  return (
    <ol className={css["worst"]}>
      {rows.map((row) => {
        const site = row.site_id ?? "";
        const ts = Date.parse(row.ts ?? "");
        const { to, params, search } = placeOf({ id: row.id ?? "", site, kind: row.kind ?? "" });
        return (
          <li key={`${site} ${row.id}`}>
            <StateMark state={row.state ?? "unknown"} isConcern />
            <div className={css["worstText"]}>
              <Go to={to} params={params} {...(search === undefined ? {} : { search })} className={clsx(css["link"], css["worstName"])}>
                {row.name || row.id}
              </Go>
              <span className={css["soft"]}>{names.get(site) ?? site}</span>
              <p>{row.reason}</p>
            </div>
            <span className={css["worstAge"]}>{Number.isFinite(ts) ? <Age ts={ts} /> : t("fleet.never")}</span>
          </li>
        );
      })}
    </ol>
  );
}
