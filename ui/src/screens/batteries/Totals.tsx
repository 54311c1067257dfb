import { useMemo, type ReactNode } from "react";
import { fmt, t } from "../../i18n";
import css from "./batteries.module.css";
import type { Battery } from "./data";
import { totalsOf } from "./sums";

/** The batteries as a whole, in one line. */
export function Totals({ batteries }: { batteries: readonly Battery[] }): ReactNode {
  const of = useMemo(() => totalsOf(batteries), [batteries]);
  const facts: readonly [string, string, boolean?][] = [
    [t("batteries.count"), fmt.count(of.count)],
    [t("batteries.socOf"), fmt.percent(of.soc)],
    [t("batteries.netPower"), fmt.number(of.power, "W")],
    [t("batteries.charging"), fmt.count(of.charging)],
    [t("batteries.discharging"), fmt.count(of.discharging)],
    [t("batteries.attention"), fmt.count(of.attention), of.attention > 0],
  ];
  return (
    <dl className={css["totals"]}>
      {facts.map(([label, value, isOff]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd data-concern={isOff ? "warn" : undefined}>
            {isOff && <span aria-hidden="true">△ </span>}
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
