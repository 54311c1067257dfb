import type { ReactNode } from "react";
import { useDegrees } from "../../app/degrees";
import { Gauge } from "../../charts";
import { fmt, t } from "../../i18n";
import { Age, KeyValues, Panel, Skeleton, Stale } from "../../states";
import { chargeZones, healthZones, heatZones, ofHealth } from "../batteries/concern";
import type { Health, useHealth } from "../batteries/data";
import css from "./battery.module.css";
import { useNewest, type Newest } from "./live";

/** The scale of the dial of temperature, K: 0 °C to 70 °C. What is colder is written, with the needle at the end. */
const COLD = 273.15;
const HOTTEST = 343.15;

interface NowProps {
  site: string | undefined;
  health: ReturnType<typeof useHealth>;
}

/** What the battery says now. */
export function Now({ site, health }: NowProps): ReactNode {
  return (
    <Panel title={t("batteries.now")} help={t("batteries.nowHelp")} state={health} skeleton={<Skeleton height="14.5rem" />}>
      {(data) => <Values site={site} data={data} />}
    </Panel>
  );
}

function Values({ site, data }: { site: string | undefined; data: Health }): ReactNode {
  const { degrees, convert } = useDegrees();
  const series = data.series ?? [];
  const soc = useNewest(site, series, "soc");
  const soh = useNewest(site, series, "soh");
  const heat = useNewest(site, series, "temperature");
  const voltage = useNewest(site, series, "voltage_v");
  const current = useNewest(site, series, "current_a");
  const power = useNewest(site, series, "power_w");
  const kelvin = (value: number) => convert(value, "K");
  const product = voltage?.value != null && current?.value != null ? voltage.value * current.value : (data.battery?.power_w ?? null);
  const top = kelvin(HOTTEST);
  return (
    <>
      <div className={css["dials"]}>
        <Gauge label={t("batteries.soc")} value={percent(soc)} unit="%" min={0} max={100} zones={chargeZones} note={<When of={soc} />} />
        <Gauge label={t("batteries.soh")} value={percent(soh)} unit="%" min={0} max={100} zones={ofHealth(soh?.value) === undefined ? [] : healthZones} note={<When of={soh} />} />
        <Gauge
          label={t("batteries.temperature")}
          value={heat?.value == null ? null : kelvin(heat.value)}
          unit={degrees}
          min={Math.round(kelvin(COLD))}
          max={Math.round(top)}
          zones={heatZones(kelvin, top)}
          written={(value) => fmt.number(value, degrees, 1)}
          note={<When of={heat} />}
        />
      </div>
      <KeyValues
        facts={[
          { label: t("batteries.power"), value: <Known of={power ?? current}>{fmt.number(power?.value ?? product, "W")}</Known> },
          { label: t("batteries.current"), value: <Known of={current}>{fmt.number(current?.value, "A")}</Known> },
          { label: t("batteries.voltage"), value: <Known of={voltage}>{fmt.number(voltage?.value, "V")}</Known> },
        ]}
      />
    </>
  );
}

const percent = (of: Newest | undefined): number | null => (of?.value == null ? null : of.value * 100);

/** A number, greyed with its age once it is older than it should be. */
function Known({ of, children }: { of: Newest | undefined; children: ReactNode }): ReactNode {
  return of?.ts === undefined || of.intervalMs <= 0 ? (
    children
  ) : (
    <Stale ts={of.ts} interval={of.intervalMs}>
      {children}
    </Stale>
  );
}

function When({ of }: { of: Newest | undefined }): ReactNode {
  return of?.ts === undefined ? t("batteries.notKnown") : <Age ts={of.ts} />;
}
