/** One value on its scale: a half dial. */

import { type ReactNode, useId } from "react";

import { fmt, t } from "../i18n";
import css from "./Gauge.module.css";
import { arc, pointAt, shareOf, toneAt, type Zone } from "./dial";

export interface GaugeProps {
  label: string;
  /** Null where it is not known. */
  value: number | null | undefined;
  unit: string | null;
  min: number;
  max: number;
  /** Stretches that are not as they should be; grey is normal. */
  zones?: readonly Zone[] | undefined;
  /** Shown below the value, such as where it comes from. */
  note?: ReactNode;
  /** Writes the value; default: as a number with its unit. */
  written?: ((value: number) => string) | undefined;
}

const RADIUS = 42;

export function Gauge({ label, value, unit, min, max, zones = [], note, written = (number) => fmt.number(number, unit) }: GaugeProps): ReactNode {
  const id = useId();
  const isThere = value != null && Number.isFinite(value);
  const share = isThere ? shareOf(value, min, max) : 0;
  const tone = isThere ? toneAt(value, zones) : "normal";
  const text = isThere ? written(value) : fmt.number(null);
  const spoken = tone === "normal" ? text : t(tone === "bad" ? "charts.gaugeBad" : "charts.gaugeWarn", { value: text });
  const needle = pointAt(share, RADIUS);
  return (
    <div className={css["gauge"]}>
      <svg
        viewBox="0 0 100 58"
        role="meter"
        aria-labelledby={id}
        aria-valuemin={min}
        aria-valuemax={max}
        aria-valuenow={isThere ? value : min}
        aria-valuetext={isThere ? spoken : t("charts.unknown")}
      >
        <path d={arc(0, 1, RADIUS)} className={isThere ? css["track"] : css["unknown"]} />
        {zones.map((zone) => (
          <path key={`${zone.from}${zone.tone}`} d={arc(shareOf(zone.from, min, max), shareOf(zone.to, min, max), RADIUS + 6)} className={css[zone.tone]} />
        ))}
        {isThere && share > 0 && <path d={arc(0, share, RADIUS)} className={css["value"]} data-tone={tone} />}
        {isThere && <circle cx={needle.x} cy={needle.y} r="3.2" className={css["needle"]} />}
        <text x="50" y="48" className={css["number"]}>
          {text}
        </text>
        <text x="8" y="57" className={css["end"]}>
          {fmt.number(min)}
        </text>
        <text x="92" y="57" className={css["end"]}>
          {fmt.number(max)}
        </text>
      </svg>
      <div id={id} className={css["label"]}>
        {tone !== "normal" && <span aria-hidden="true">{tone === "bad" ? "▲ " : "△ "}</span>}
        {label}
      </div>
      {note !== undefined && <div className={css["note"]}>{note}</div>}
    </div>
  );
}
