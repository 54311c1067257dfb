/** The sites: what each takes and gives, and how its assets are. */
import type { ReactNode } from "react";
import { useMemo } from "react";
import { Go, useGo } from "../../app/Go";
import { fmt, t, useLocale } from "../../i18n";
import { Age, Empty } from "../../states";
import { DataTable, type Column } from "../../table";
import type { SiteRow } from "./ask";
import css from "./fleet.module.css";
import { StateBar } from "./StateBar";
import { abnormal } from "./states";

function columns(): Column<SiteRow>[] {
  return [
    {
      id: "site",
      label: t("fleet.site"),
      value: (row) => row.name || row.site_id,
      render: (row) => (
        <Go to="/sites/$site" params={{ site: row.site_id ?? "" }} className={css["link"]}>
          {row.name || row.site_id}
        </Go>
      ),
      width: 8,
      grow: 2,
      isTitle: true,
    },
    { id: "states", label: t("fleet.assets"), kind: "number", value: (row) => row.assets, render: (row) => <Assets row={row} />, width: 8 },
    { id: "odd", label: t("fleet.abnormal"), kind: "number", value: (row) => abnormal(row).reduce((sum, [, n]) => sum + n, 0), width: 8.5 },
    { id: "grid", label: t("fleet.grid"), kind: "number", value: (row) => row.grid_w, render: (row) => gridText(row.grid_w), width: 8 },
    { id: "generation", label: t("fleet.generation"), kind: "number", value: (row) => row.generation_w, render: (row) => fmt.number(row.generation_w, "W"), width: 7.5 },
    { id: "today", label: t("fleet.energyToday"), kind: "number", value: (row) => row.energy_today_wh, render: (row) => fmt.number(row.energy_today_wh, "Wh"), width: 7 },
    { id: "yesterday", label: t("fleet.energyYesterday"), kind: "number", value: (row) => row.energy_yesterday_wh, render: (row) => fmt.number(row.energy_yesterday_wh, "Wh"), width: 7 },
    { id: "exported", label: t("fleet.exportedToday"), kind: "number", value: (row) => row.exported_today_wh, render: (row) => fmt.number(row.exported_today_wh, "Wh"), width: 8, isExtra: true },
    { id: "zone", label: t("fleet.zone"), kind: "choice", value: (row) => row.zone, width: 9, isExtra: true },
    { id: "newest", label: t("fleet.newest"), kind: "time", value: (row) => Date.parse(row.ts ?? "") || null, render: (row) => (row.ts == null ? "–" : <Age ts={Date.parse(row.ts)} />), width: 7 },
  ];
}

/** Power at the grid in words: what is taken and what is given have no sign to be misread. */
export function gridText(power: number | null | undefined): string {
  if (power == null) return "–";
  return t(power < 0 ? "fleet.out" : "fleet.in", { power: fmt.number(Math.abs(power), "W") });
}

function Assets({ row }: { row: SiteRow }): ReactNode {
  return (
    <span className={css["assets"]}>
      <StateBar counts={row} />
      <b>{fmt.count(row.assets)}</b>
    </span>
  );
}

export function Sites({ rows }: { rows: readonly SiteRow[] }): ReactNode {
  const go = useGo();
  const locale = useLocale();
  // The words of the columns are those of the language.
  const own = useMemo(() => (locale ? columns() : []), [locale]);
  return (
    <DataTable
      label={t("fleet.sites")}
      columns={own}
      rows={rows}
      getKey={(row) => row.site_id ?? ""}
      prefix="s"
      fileName="sites"
      empty={<Empty why={t("fleet.noSites")} />}
      onOpen={(row) => go("/sites/$site", { site: row.site_id ?? "" })}
      maxHeight="28rem"
    />
  );
}
