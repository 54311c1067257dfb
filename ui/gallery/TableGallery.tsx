/** A table of 10,000 rows, an empty one, and one that loads page by page. */
import { useState, type ReactNode } from "react";
import { toast } from "../src/forms";
import { Badge, Empty, Panel } from "../src/states";
import { DataTable, type Column } from "../src/table";

interface Battery {
  readonly id: string;
  readonly site: string;
  readonly state: string;
  readonly soc: number | null;
  readonly power: number;
  readonly seen: number;
}

const STATES = ["idle", "charging", "discharging", "fault"] as const;
const WRITTEN: Record<string, string> = { idle: "Idle", charging: "Charging", discharging: "Discharging", fault: "Fault" };
const START = Date.UTC(2026, 10, 21, 12);

/** Numbers that look random and are the same each time. */
function battery(n: number): Battery {
  const noise = (n * 2_654_435_761) % 4_294_967_296;
  return {
    id: `BAT-${String(n).padStart(5, "0")}`,
    site: ["Berlin 1", "Munich 2", "=Lisbon 3"][n % 3] ?? "",
    state: STATES[n % 37 === 0 ? 3 : noise % 3] ?? "idle",
    soc: n % 50 === 7 ? null : (noise % 1000) / 1000,
    power: ((noise >>> 8) % 20_000) - 10_000,
    seen: START - (noise % 900_000),
  };
}

const ROWS: readonly Battery[] = Array.from({ length: 10_000 }, (_, n) => battery(n));
const COLUMNS: readonly Column<Battery>[] = [
  { id: "battery", label: "Battery", value: (row) => row.id, isTitle: true, grow: 2 },
  { id: "site", label: "Site", kind: "choice", value: (row) => row.site },
  { id: "state", label: "State", kind: "choice", value: (row) => row.state, written: (value) => WRITTEN[value] ?? value },
  { id: "soc", label: "Charge", kind: "number", value: (row) => row.soc },
  { id: "power", label: "Power, W", kind: "number", value: (row) => row.power },
  { id: "seen", label: "Seen", kind: "time", value: (row) => row.seen, width: 13 },
  { id: "kind", label: "Kind", value: () => "estimated", render: () => <Badge kind="estimated" />, isExtra: true },
];

const key = (row: Battery) => row.id;

export function TableGallery(): ReactNode {
  const [loaded, setLoaded] = useState(50);
  return (
    <>
      <Panel title="Batteries">
        <DataTable
          label="Batteries"
          columns={COLUMNS}
          rows={ROWS}
          getKey={key}
          prefix="b"
          empty={null}
          onOpen={(row) => toast({ title: `Open ${row.id}` })}
          bulk={[
            { id: "note", label: "Note", run: (keys) => void toast({ title: `${keys.length} noted` }) },
            { id: "fail", label: "Retire", tone: "danger", run: () => Promise.reject(new Error("Somebody changed them meanwhile.")) },
          ]}
        />
      </Panel>
      <Panel title="Events, page by page">
        <DataTable
          label="Events"
          columns={COLUMNS}
          rows={ROWS.slice(0, loaded)}
          getKey={key}
          prefix="e"
          empty={null}
          order={{ column: "seen", isDown: true }}
          maxHeight="20rem"
          more={{ hasMore: loaded < 200, isLoading: false, load: () => setLoaded(loaded + 50) }}
        />
      </Panel>
      <Panel title="Nothing at all">
        <DataTable label="Nothing" columns={COLUMNS} rows={[]} getKey={key} prefix="n" empty={<Empty why="No batteries yet" />} />
      </Panel>
    </>
  );
}
