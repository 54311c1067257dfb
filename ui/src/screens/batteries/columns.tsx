import type { ReactNode } from "react";
import type { useDegrees } from "../../app/degrees";
import { fmt, t, type Key } from "../../i18n";
import { Age } from "../../states";
import type { Column } from "../../table";
import css from "./batteries.module.css";
import { ofCharge, ofHealth, ofHeat, ofState, type Concern } from "./concern";
import type { Battery } from "./data";

type Degrees = ReturnType<typeof useDegrees>;

/** A cell that is coloured only where somebody should look. */
function Mark({ concern, children }: { concern: Concern; children: ReactNode }): ReactNode {
  return <span data-concern={concern}>{children}</span>;
}

/** What a state is called: `ok` → "Reporting". */
export const stateName = (state: string): string => t(`batteries.state.${state}` as Key);

/** The state of a battery with a shape of its own, so that colour is not needed. */
export function StateMark({ state }: { state: string | null | undefined }): ReactNode {
  const concern = ofState(state);
  return (
    <span className={css["state"]} data-concern={concern}>
      <span aria-hidden="true">{concern === "bad" ? "▲" : concern === "warn" ? "△" : "●"}</span> {stateName(state ?? "unknown")}
    </span>
  );
}

/** State of charge as a bar with its number. */
function Charge({ soc }: { soc: number | null | undefined }): ReactNode {
  if (soc == null) return <span className={css["soft"]}>–</span>;
  return (
    <span className={css["charge"]} data-concern={ofCharge(soc)}>
      <span className={css["bar"]} aria-hidden="true">
        <span style={{ width: `${Math.min(100, Math.max(0, soc * 100))}%` }} />
      </span>
      {fmt.percent(soc)}
    </span>
  );
}

const share = (value: number | null | undefined): number | null => (value == null ? null : value * 100);

/** The columns of the table; shares are sorted and filtered as per cent, temperatures in the reader's unit. */
export function columnsOf({ convert, write }: Degrees): Column<Battery>[] {
  return [
    { id: "battery", label: t("batteries.battery"), value: (row) => row.name || row.id, isTitle: true, width: 8, grow: 2 },
    { id: "site", label: t("batteries.site"), value: (row) => row.site_id, kind: "choice", width: 4.5 },
    { id: "state", label: t("batteries.state"), value: (row) => row.state, kind: "choice", written: stateName, render: (row) => <StateMark state={row.state} />, width: 7.5 },
    { id: "soc", label: `${t("batteries.soc")} (%)`, value: (row) => share(row.soc), kind: "number", render: (row) => <Charge soc={row.soc} />, width: 8 },
    { id: "power", label: t("batteries.power"), value: (row) => row.power_w, kind: "number", render: (row) => fmt.number(row.power_w, "W"), width: 5.5 },
    { id: "voltage", label: t("batteries.voltage"), value: (row) => row.voltage_v, kind: "number", render: (row) => fmt.fixed(row.voltage_v, "V", 1), width: 6.25 },
    { id: "current", label: t("batteries.current"), value: (row) => row.current_a, kind: "number", render: (row) => fmt.fixed(row.current_a, "A", 1), width: 6.25 },
    {
      id: "temperature",
      label: t("batteries.temperature"),
      value: (row) => (row.temperature == null ? null : convert(row.temperature, "K")),
      kind: "number",
      render: (row) => <Mark concern={ofHeat(row.temperature)}>{write(row.temperature, "K")}</Mark>,
      width: 8.25,
    },
    { id: "soh", label: `${t("batteries.soh")} (%)`, value: (row) => share(row.soh), kind: "number", render: (row) => <Mark concern={ofHealth(row.soh)}>{fmt.percent(row.soh, 1)}</Mark>, width: 6 },
    { id: "cycles", label: t("batteries.cycles"), value: (row) => row.cycles, kind: "number", render: (row) => fmt.number(row.cycles, null, 0), width: 6 },
    { id: "rate", label: t("batteries.cRate"), value: (row) => row.c_rate, kind: "number", render: (row) => fmt.number(row.c_rate, "C"), width: 5.5 },
    { id: "capacity", label: t("batteries.capacity"), value: (row) => row.capacity_ah, kind: "number", render: (row) => fmt.number(row.capacity_ah, "Ah"), isExtra: true },
    { id: "place", label: t("batteries.place"), value: (row) => [row.building, row.room].filter(Boolean).join(" / "), isExtra: true },
    { id: "seen", label: t("batteries.seen"), value: (row) => (row.ts == null ? null : Date.parse(row.ts)), kind: "time", render: (row) => (row.ts == null ? "–" : <Age ts={Date.parse(row.ts)} />), width: 7 },
  ];
}
