/** Where the chosen sensors stand: a building and a room, or a piece of equipment. */
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Problem } from "../../api/problem";
import { Button, Choice, Dialog, Form, FormActions, toast } from "../../forms";
import { t } from "../../i18n";
import css from "./catalog.module.css";
import { Reference, useOptions } from "./Reference";
import { assign, create } from "./records";
import type { Sensor } from "./sensors";

export interface AssignDialogProps {
  readonly sensors: readonly Sensor[];
  /** Whether they were assigned. */
  readonly onClose: (done: boolean) => void;
}

type Where = "room" | "equipment";
const NAMED = 5;

export function AssignDialog({ sensors, onClose }: AssignDialogProps): ReactNode {
  const client = useQueryClient();
  const [where, setWhere] = useState<Where>("room");
  // What all senders say themselves is the best guess.
  const [building, setBuilding] = useState(() => common(sensors, "building"));
  const [room, setRoom] = useState(() => common(sensors, "room"));
  const [site, setSite] = useState<string | null>(() => common(sensors, "site"));
  const [equipment, setEquipment] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const buildings = useOptions("buildings", null);
  const rooms = useOptions("rooms", building);
  const sites = useOptions("sites", null);
  const has = (options: readonly { value: string }[], wanted: string | null) => !wanted || options.some(({ value }) => value === wanted);
  const newBuilding = where === "room" && !has(buildings, building);
  const newRoom = where === "room" && building !== null && !has(rooms, room);

  async function save(): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      if (newBuilding && site && !has(sites, site)) await create("sites", { id: site });
      if (newBuilding) await create("buildings", { id: building, site });
      if (newRoom) await create("rooms", { building, id: room });
      const place = where === "room" ? { building, room: room || null, equipment: null } : { building: null, room: null, equipment };
      await assign(sensors, place);
      toast({ title: t("catalog.assigned", { n: sensors.length }), detail: where === "room" ? [building, room].filter(Boolean).join(" · ") : (equipment ?? "") });
      await client.invalidateQueries({ queryKey: ["catalog"] });
      onClose(true);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
      setBusy(false);
    }
  }

  const named = sensors.slice(0, NAMED).map(({ sensor }) => sensor).join(", ");
  const rest = sensors.length - NAMED;
  return (
    <Dialog title={t("catalog.assignN", { n: sensors.length })} isOpen onClose={() => onClose(false)}>
      <Form label={t("catalog.assign")} problem={problem} onSubmit={() => void save()}>
        <p className={css["soft"]}>{rest > 0 ? t("catalog.andMore", { named, n: rest }) : named}</p>
        <Choice
          label={t("catalog.where")}
          value={where}
          onChange={(value) => setWhere(value as Where)}
          options={[
            { value: "room", label: t("catalog.inRoom") },
            { value: "equipment", label: t("catalog.atEquipment") },
          ]}
        />
        {where === "room" ? (
          <>
            <Reference
              of="buildings"
              name="building"
              label={t("catalog.building")}
              value={building}
              isOpenEnded
              isRequired
              onChange={(value) => {
                setBuilding(value);
                if (value !== building) setRoom(null);
              }}
              {...(newBuilding ? { description: t("catalog.willBeCreated", { id: building ?? "" }) } : {})}
            />
            {newBuilding && <Reference of="sites" name="site" label={t("catalog.site")} value={site} isOpenEnded isRequired onChange={setSite} />}
            <Reference
              of="rooms"
              name="room"
              label={t("catalog.room")}
              value={room}
              building={building}
              isOpenEnded
              onChange={setRoom}
              {...(newRoom ? { description: t("catalog.willBeCreated", { id: room ?? "" }) } : {})}
            />
          </>
        ) : (
          <Reference of="equipment" name="equipment" label={t("catalog.equipment")} value={equipment} isRequired onChange={setEquipment} />
        )}
        <FormActions>
          <Button onPress={() => onClose(false)}>{t("forms.cancel")}</Button>
          <Button tone="primary" type="submit" isPending={busy}>
            {t("catalog.assign")}
          </Button>
        </FormActions>
      </Form>
    </Dialog>
  );
}

/** What all of them say, if they agree. */
function common(sensors: readonly Sensor[], field: "site" | "building" | "room"): string | null {
  const said = new Set(sensors.map((one) => one[field]));
  const [only] = said;
  return said.size === 1 && only ? only : null;
}
