/** Sensors that send but stand nowhere yet: choose some, say where, and they leave the list. */
import { GoButton } from "../../app/GoButton";
import { useMemo, useRef, type ReactNode } from "react";
import { useFocusKept } from "../../forms";
import { t, useLocale } from "../../i18n";
import { Age, Empty, Panel, Skeleton } from "../../states";
import { DataTable, type Column } from "../../table";
import { AssignDialog } from "./AssignDialog";
import { useUnassigned } from "./records";
import { sensorKey, type Sensor } from "./sensors";
import { useAsked } from "./useAsked";

function columns(): Column<Sensor>[] {
  return [
    { id: "sensor", label: t("catalog.sensor"), value: (row) => row.sensor, isTitle: true, grow: 2 },
    { id: "site", label: t("catalog.senderSite"), kind: "choice", value: (row) => row.site },
    { id: "metrics", label: t("catalog.metrics"), value: (row) => row.metrics.join(", "), grow: 2 },
    { id: "says", label: t("catalog.says"), value: (row) => [row.building, row.room].filter(Boolean).join(" · ") },
    { id: "last", label: t("catalog.last"), kind: "time", value: (row) => row.last, render: (row) => (row.last === null ? "–" : <Age ts={row.last} />) },
  ];
}

export function Unassigned({ mayEdit }: { mayEdit: boolean }): ReactNode {
  const locale = useLocale();
  const unassigned = useUnassigned();
  const asked = useAsked<readonly Sensor[]>();
  const shown = useMemo(columns, [locale]);
  const frame = useRef<HTMLDivElement>(null);
  // Once all are assigned there is no table either: then the focus is on what brings new ones.
  useFocusKept(asked.about !== null, frame, "[role=row][tabindex='0'], a");
  const bulk = [
    {
      id: "assign",
      label: t("catalog.assignTo"),
      run: (keys: readonly string[]) => {
        const chosen = new Set(keys);
        return asked.ask((unassigned.data?.rows ?? []).filter((row) => chosen.has(sensorKey(row))));
      },
    },
  ];
  return (
    <div ref={frame}>
      <Panel
        title={t("catalog.unassigned")}
        help={t("catalog.unassignedHelp")}
        state={unassigned}
        skeleton={<Skeleton kind="rows" lines={8} />}
        empty={({ rows }) =>
          rows.length > 0 ? null : <Empty icon="check" why={t("catalog.allAssigned")} detail={t("catalog.allAssignedWhy")} action={<GoButton to="/add">{t("app.add")}</GoButton>} />
        }
      >
        {({ rows, isWhole }) => (
          <>
            {!isWhole && <p role="status">{t("catalog.notWhole", { n: rows.length })}</p>}
            <DataTable
              label={t("catalog.unassigned")}
              columns={shown}
              rows={rows}
              getKey={sensorKey}
              prefix="u"
              fileName="unassigned"
              empty={null}
              order={{ column: "sensor", isDown: false }}
              {...(mayEdit ? { bulk } : {})}
            />
            {asked.about !== null && <AssignDialog sensors={asked.about} onClose={asked.answer} />}
          </>
        )}
      </Panel>
    </div>
  );
}
