/** How an asset is, as a shape: told apart without colour, and said in words. */
import type { ReactNode } from "react";
import { t } from "../../i18n";
import css from "./fleet.module.css";
import { STATE_WORDS, type AssetState } from "./states";

const SHAPES: Readonly<Record<AssetState | "concern", string>> = {
  bad: "M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM5.5 5.5l5 5M10.5 5.5l-5 5",
  concern: "M8 2.5 14 13.5H2zM8 6.5v3.3M8 11.6v.2",
  late: "M8 2.5 14 13.5H2zM8 6.5v3.3M8 11.6v.2",
  silent: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 5v3.5l2.5 1.5",
  unknown: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z",
  ok: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
};

/** `isConcern`: it reports as it should, and what it reports is of concern. */
export function StateMark({ state, isConcern = false, isSaid = false }: { state: string; isConcern?: boolean; isSaid?: boolean }): ReactNode {
  const known = (state in STATE_WORDS ? state : "unknown") as AssetState;
  const shape = known === "ok" && isConcern ? "concern" : known;
  const words = t(shape === "concern" ? "fleet.stateConcern" : STATE_WORDS[shape]);
  return (
    <span className={css["mark"]} data-state={shape}>
      <svg aria-hidden="true" width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round">
        <path d={SHAPES[shape]} />
      </svg>
      <span className={isSaid ? undefined : "visually-hidden"}>{words}</span>
    </span>
  );
}
