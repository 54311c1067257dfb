import type { ReactNode } from "react";
import { useDegrees } from "../../app/degrees";
import { StackBars } from "../../charts";
import { fmt, t, type Key } from "../../i18n";
import { Empty, Panel, Skeleton } from "../../states";
import type { Health, useHealth } from "../batteries/data";
import css from "./battery.module.css";

const HEIGHT = 200;
type Histogram = NonNullable<NonNullable<Health["histograms"]>["temperature"]>;

/** How many hours of the range the battery spent at each temperature, and at each C-rate. */
export function Histograms({ health }: { health: ReturnType<typeof useHealth> }): ReactNode {
  const { degrees, convert } = useDegrees();
  const bare = (value: number) => fmt.number(value, null, 1);
  return (
    <div className={css["pair"]}>
      <Hours title="batteries.hoursAt" unit={fmt.unit(degrees)} health={health} of={(data) => data.histograms?.temperature} edge={(kelvin) => bare(convert(kelvin, "K"))} />
      <Hours title="batteries.hoursAtRate" unit="C" health={health} of={(data) => data.histograms?.c_rate} edge={(rate) => fmt.number(rate, null, 2)} />
    </div>
  );
}

interface HoursProps {
  title: Key;
  /** Written once, with the panel's name: the bins have no room for it. */
  unit: string;
  health: ReturnType<typeof useHealth>;
  of: (data: Health) => Histogram | null | undefined;
  edge: (value: number) => string;
}

function Hours({ title, unit, health, of, edge }: HoursProps): ReactNode {
  const name = `${t(title)} (${unit})`;
  return (
    <Panel
      title={name}
      state={health}
      skeleton={<Skeleton height={HEIGHT + 60} />}
      empty={(data) => ((of(data)?.hours ?? []).some((hours) => hours) ? null : <Empty why={t("batteries.noHistogram")} detail={t("batteries.noHistogramDetail")} />)}
    >
      {(data) => {
        const edges = (of(data)?.edges ?? []).map((value) => edge(value ?? 0));
        const hours = of(data)?.hours ?? [];
        return (
          <StackBars
            title={name}
            isTitleHidden
            height={HEIGHT}
            periods={hours.map((_, n) => t("batteries.bin", { from: edges[n] ?? "", to: edges[n + 1] ?? "" }))}
            series={[{ id: "hours", label: t("batteries.hours"), values: hours }]}
            unit="h"
          />
        );
      }}
    </Panel>
  );
}
