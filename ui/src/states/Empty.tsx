/** Nothing to show, why, and the one thing to do about it. */
import type { ReactNode } from "react";
import { Icon, type IconName } from "../forms/Icon";
import css from "./states.module.css";

export interface EmptyProps {
  /** Why there is nothing: "No series yet", "No battery fits the filter". */
  readonly why: string;
  readonly detail?: ReactNode;
  /** One button or link. */
  readonly action?: ReactNode;
  readonly icon?: IconName;
}

export function Empty({ why, detail, action, icon = "info" }: EmptyProps): ReactNode {
  return (
    <div className={css["empty"]}>
      <Icon name={icon} size={24} />
      <p className={css["why"]}>{why}</p>
      {detail !== undefined && <div className={css["soft"]}>{detail}</div>}
      {action}
    </div>
  );
}
