/** Facts about one thing, name by name. */
import type { ReactNode } from "react";
import css from "./states.module.css";

export interface Fact {
  readonly label: string;
  readonly value: ReactNode;
}

/** A description list in as many columns as fit. */
export function KeyValues({ facts }: { facts: readonly Fact[] }): ReactNode {
  return (
    <dl className={css["facts"]}>
      {facts.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
