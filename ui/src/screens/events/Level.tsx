/** How critical an event is: its number, with a shape that says serious or grave without colour. */
import type { ReactNode } from "react";
import { clsx } from "../../forms";
import { t } from "../../i18n";
import css from "./events.module.css";
import { GRAVE, SERIOUS } from "./rows";

export function Level({ value }: { value: number }): ReactNode {
  const tone = value >= GRAVE ? "grave" : value >= SERIOUS ? "serious" : "usual";
  return (
    <span className={clsx(css["level"], css[tone])}>
      <svg aria-hidden="true" width="10" height="10" viewBox="0 0 10 10">
        {tone === "grave" ? <path d="M3 0h4l3 3v4l-3 3H3L0 7V3z" /> : tone === "serious" ? <path d="M5 0.5 10 9.5H0z" /> : <circle cx="5" cy="5" r="2.5" />}
      </svg>
      {value}
      {tone !== "usual" && <span className="visually-hidden"> {t(tone === "grave" ? "events.grave" : "events.serious")}</span>}
    </span>
  );
}
