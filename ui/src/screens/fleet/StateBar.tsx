/** How many assets of a site are in each state, as one bar. */
import type { ReactNode } from "react";
import { fmt, t } from "../../i18n";
import css from "./fleet.module.css";
import { ASSET_STATES, STATE_WORDS, type StateCounts } from "./states";

export function StateBar({ counts }: { counts: StateCounts }): ReactNode {
  const parts = ASSET_STATES.map((state) => ({ state, n: counts[state] ?? 0 })).filter(({ n }) => n > 0);
  const words = parts.map(({ state, n }) => `${fmt.count(n)} ${t(STATE_WORDS[state])}`).join(", ");
  return (
    <span className={css["bar"]} role="img" aria-label={words} title={words}>
      {parts.map(({ state, n }) => (
        <span key={state} data-state={state} style={{ flexGrow: n }} />
      ))}
    </span>
  );
}
