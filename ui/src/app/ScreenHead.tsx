import type { ReactNode } from "react";
import css from "./ScreenHead.module.css";

export interface ScreenHeadProps {
  title: ReactNode;
  /** Where the screen belongs: links, from the widest to the nearest. */
  crumbs?: readonly ReactNode[];
  /** Beside the title: what it is, in few words. */
  note?: ReactNode;
  /** Name, place and tools are not known yet: what they will push aside waits for them. */
  isLoading?: boolean;
  /** The time picker and what else changes the whole screen. */
  children?: ReactNode;
}

/** The top of a screen: what it is about, where that belongs, and what changes all of it. */
export function ScreenHead({ title, crumbs = [], note, isLoading = false, children }: ScreenHeadProps): ReactNode {
  return (
    <header className={css["head"]}>
      <div className={css["words"]} data-loading={isLoading || undefined}>
        {(crumbs.length > 0 || isLoading) && (
          <div className={css["crumbs"]}>
            {(crumbs.length > 0 ? crumbs : ["\u00a0"]).map((crumb, n) => (
              <span key={n}>{crumb}</span>
            ))}
          </div>
        )}
        <div className={css["title"]}>
          <h1>{title}</h1>
          {note}
        </div>
      </div>
      {children !== undefined && <div className={css["tools"]}>{children}</div>}
    </header>
  );
}
