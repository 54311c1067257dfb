/** Every asset of the site: what it is, how it is, and what it said last. */
import { useMemo, type ReactNode } from "react";
import { useDegrees } from "../../app/degrees";
import { Go, useGo } from "../../app/Go";
import { GoButton } from "../../app/GoButton";
import { t, useLocale } from "../../i18n";
import { Age, Empty, Panel, Skeleton } from "../../states";
import { DataTable, type Column } from "../../table";
import { useAssets, type AssetColumns } from "../fleet/ask";
import { headline, placeOf, type Write } from "../fleet/assets";
import { StateMark } from "../fleet/StateMark";
import { useLiveColumns } from "../fleet/useLiveColumns";
import { KIND_WORDS, STATE_WORDS, type AssetKind, type AssetState } from "../fleet/states";
import css from "./site.module.css";

interface Device {
  readonly id: string;
  readonly site: string;
  readonly name: string;
  readonly kind: string;
  readonly state: string;
  readonly reason: string;
  readonly building: string;
  readonly room: string;
  readonly value: number | null;
  readonly unit: string | null;
  readonly ts: number | null;
}

export function Devices({ site }: { site: string }): ReactNode {
  const assets = useAssets({ site });
  return (
    <Panel title={t("site.devices")} state={assets} skeleton={<Skeleton kind="rows" lines={8} />}>
      {({ columns }) => <DeviceTable columns={columns} site={site} />}
    </Panel>
  );
}

function DeviceTable({ columns: given, site }: { columns: AssetColumns; site: string }): ReactNode {
  const go = useGo();
  const locale = useLocale();
  const { degrees, write } = useDegrees();
  // Words are those of the language, and `write` changes with the reader's unit only.
  const columns = useMemo(() => (locale && degrees ? columnsOf(write) : []), [locale, degrees]);
  const newest = useLiveColumns(given, site);
  const rows = useMemo(() => rowsOf(newest), [newest]);
  return (
    <DataTable
      label={t("site.devices")}
      columns={columns}
      rows={rows}
      getKey={(row) => row.id}
      prefix="d"
      fileName={`${site}-devices`}
      empty={<Empty why={t("site.noDevices")} action={<GoButton to="/add">{t("fleet.add")}</GoButton>} />}
      onOpen={(row) => {
        const place = deviceOf(row);
        go(place.to, place.params, place.search);
      }}
      maxHeight="30rem"
    />
  );
}

/** Where a device leads from its own site: what has no screen of its own is explored. */
function deviceOf(row: Device): ReturnType<typeof placeOf> {
  const place = placeOf(row);
  return place.to === "/sites/$site" ? { to: "/explore", params: {}, search: { site: row.site, sensor: row.id } } : place;
}

function rowsOf(columns: AssetColumns): Device[] {
  return columns.id.map((id, i) => ({
    id,
    site: columns.site_id[i] ?? "",
    name: columns.name[i] || id,
    kind: columns.kind[i] ?? "",
    state: columns.state[i] ?? "",
    reason: columns.reason[i] ?? "",
    building: columns.building[i] ?? "",
    room: columns.room[i] ?? "",
    value: columns.value[i] ?? null,
    unit: columns.unit[i] ?? null,
    ts: columns.ts[i] ?? null,
  }));
}

function columnsOf(write: Write): Column<Device>[] {
  const kindText = (kind: string) => (kind in KIND_WORDS ? t(KIND_WORDS[kind as AssetKind]) : kind);
  const stateText = (state: string) => (state in STATE_WORDS ? t(STATE_WORDS[state as AssetState]) : state);
  return [
    { id: "name", label: t("site.name"), value: (row) => row.name, render: DeviceName, width: 8, grow: 2, isTitle: true },
    { id: "kind", label: t("fleet.kind"), kind: "choice", value: (row) => row.kind, render: (row) => kindText(row.kind), written: kindText, width: 8 },
    { id: "state", label: t("fleet.state"), kind: "choice", value: (row) => row.state, render: (row) => <StateMark state={row.state} isSaid />, written: stateText, width: 7 },
    { id: "value", label: t("site.value"), kind: "number", value: (row) => row.value, render: (row) => headline(row.value, row.unit, write) || "–", width: 8 },
    { id: "reason", label: t("site.reason"), value: (row) => row.reason, width: 12, grow: 2, isExtra: true },
    { id: "age", label: t("fleet.newest"), kind: "time", value: (row) => row.ts, render: (row) => (row.ts === null ? t("fleet.never") : <Age ts={row.ts} />), width: 7 },
  ];
}

function DeviceName(row: Device): ReactNode {
  const { to, params, search } = deviceOf(row);
  return (
    <Go to={to} params={params} {...(search === undefined ? {} : { search })} className={css["link"]}>
      {row.name}
    </Go>
  );
}
