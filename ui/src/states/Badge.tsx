/** Small words that say how far a number can be trusted. */
import type { ReactNode } from "react";
import { clsx } from "../forms/clsx";
import { t } from "../i18n";
import css from "./states.module.css";

export type BadgeKind = "estimated" | "downsampled" | "interpolated" | "late" | "demo";

/** One word with a shape of its own, so that it is told apart without colour; `children` adds to it ("since 3 May"). */
export function Badge({ kind, children }: { kind: BadgeKind; children?: ReactNode }): ReactNode {
  return (
    <span className={clsx(css["badge"], css[kind])}>
      {t(`states.badge.${kind}`)}
      {children !== undefined && <> {children}</>}
    </span>
  );
}
