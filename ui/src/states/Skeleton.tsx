/** The shape of what will stand here, while it is loading. */
import type { ReactNode } from "react";
import css from "./states.module.css";

export interface SkeletonProps {
  /** `text`: so many lines. `block`: one area, such as a chart. `rows`: so many rows of a table. */
  readonly kind?: "text" | "block" | "rows";
  readonly lines?: number;
  /** CSS height of a block. Give what the content will have, so that nothing moves when it comes. */
  readonly height?: number | string;
}

/** Grey bars without meaning for screen readers; the panel around them says that it is loading. */
export function Skeleton({ kind = "block", lines = 3, height = "12rem" }: SkeletonProps): ReactNode {
  if (kind === "block") return <div aria-hidden="true" data-loading className={css["bone"]} style={{ height }} />;
  return (
    <div aria-hidden="true" data-loading className={kind === "rows" ? css["boneRows"] : css["boneText"]}>
      {Array.from({ length: lines }, (_, n) => (
        <div key={n} className={css["bone"]} />
      ))}
    </div>
  );
}
