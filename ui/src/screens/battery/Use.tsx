import type { ReactNode } from "react";
import { useDegrees } from "../../app/degrees";
import { fmt, t, type Key } from "../../i18n";
import { Badge, KeyValues, Panel, Skeleton } from "../../states";
import { useZone } from "../../time";
import type { Health, useHealth } from "../batteries/data";
import css from "./battery.module.css";

/** How much the battery was used, by whose account, and how it stands among those that are like it. */
export function Use({ health }: { health: ReturnType<typeof useHealth> }): ReactNode {
  return (
    <Panel title={t("batteries.use")} help={t("batteries.useHelp")} state={health} skeleton={<Skeleton height="14.5rem" />}>
      {(data) => (
        <>
          <KeyValues
            facts={[
              { label: t("batteries.cyclesOf"), value: <Cycles of={data.cycles} /> },
              { label: t("batteries.cRate"), value: fmt.number(data.battery?.c_rate, "C") },
              { label: t("batteries.capacity"), value: fmt.number(data.battery?.capacity_ah, "Ah") },
            ]}
          />
          <Similar data={data} />
        </>
      )}
    </Panel>
  );
}

function Cycles({ of }: { of: Health["cycles"] }): ReactNode {
  const zone = useZone();
  if (of?.value == null) return t("batteries.notKnown");
  return (
    <>
      <b className={css["big"]}>{fmt.number(of.value, null, 0)}</b>{" "}
      {of.from === "estimated" ? (
        <Badge kind="estimated">{of.since == null ? undefined : t("batteries.estimatedSince", { date: fmt.day(Date.parse(of.since), zone) })}</Badge>
      ) : (
        <span className={css["soft"]}>{t("batteries.reported")}</span>
      )}
    </>
  );
}

const COMPARED = ["soh", "cycles", "temperature", "soc"] as const;
const NAMES: Record<(typeof COMPARED)[number], Key> = { soc: "batteries.soc", soh: "batteries.soh", cycles: "batteries.cycles", temperature: "batteries.temperature" };

function Similar({ data }: { data: Health }): ReactNode {
  const { write } = useDegrees();
  const similar = data.similar;
  if (similar?.percentile == null) return null;
  const by = Object.entries(similar.by ?? {}).map(([name, value]) => `${byName(name)} ${name === "capacity_ah" ? fmt.number(Number(value), "Ah") : String(value)}`);
  const n = similar.count ?? 0;
  const values = data.battery;
  const written = { soc: fmt.percent(values?.soc), soh: fmt.percent(values?.soh, 1), cycles: fmt.number(values?.cycles, null, 0), temperature: write(values?.temperature, "K") };
  return (
    <div className={css["similar"]}>
      <h3>{t("batteries.similar")}</h3>
      <p className={css["soft"]}>{by.length > 0 ? t("batteries.similarBy", { n, by: by.join(", ") }) : t("batteries.similarAll", { n })}</p>
      <ul>
        {COMPARED.filter((name) => similar.percentile?.[name] != null).map((name) => {
          const share = similar.percentile![name]!;
          return (
            <li key={name}>
              <span>
                {t(NAMES[name])} <b>{written[name]}</b>
              </span>
              <span className={css["track"]} aria-hidden="true">
                <span style={{ left: `${share * 100}%` }} />
              </span>
              <span className={css["soft"]}>{t("batteries.higherThan", { share: fmt.percent(share) })}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const KNOWN_BY = ["chemistry", "duty", "capacity_ah", "model"];

function byName(name: string): string {
  return KNOWN_BY.includes(name) ? t(`batteries.by.${name}` as Key) : name;
}
