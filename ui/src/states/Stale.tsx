/** What marks a value that is older than it should be. */
import type { ReactNode } from "react";
import { Icon } from "../forms/Icon";
import { t } from "../i18n";
import { useNow } from "../time/clock";
import { SECOND } from "../time/zone";
import { Age } from "./Age";
import { isStale } from "./staleness";
import css from "./states.module.css";

export interface StaleProps {
  /** Of the newest value, epoch ms. */
  readonly ts: number;
  /** How often a value is expected, ms. */
  readonly interval: number;
  /** Shown greyed while it is stale. */
  readonly children?: ReactNode;
}

/** Its children as they are while the value is fresh; grey, with a clock and the age, once three intervals are missed. */
export function Stale({ ts, interval, children }: StaleProps): ReactNode {
  const stale = isStale(ts, interval, useNow(SECOND));
  if (!stale) return children;
  return (
    <span className={css["stale"]}>
      {children}
      <span className={css["staleAge"]}>
        <Icon name="clock" size={14} />
        <span className="visually-hidden">{t("states.stale")}</span>
        <Age ts={ts} />
      </span>
    </span>
  );
}
