/** "Criticality above y". */
import { useEffect, useId, useState, type ReactNode } from "react";
import { fmt, t } from "../../i18n";
import css from "./events.module.css";

const SETTLE_MS = 150;

interface Props {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onChange: (value: number) => void;
}

/** The browser's own slider. The number follows at once; what it decides, when the hand has come to rest. */
export function LevelSlider({ value, min, max, onChange }: Props): ReactNode {
  const id = useId();
  const [held, setHeld] = useState<number | null>(null);
  useEffect(() => {
    if (held === null) return;
    const timer = setTimeout(() => {
      setHeld(null);
      if (held !== value) onChange(held);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [held, value, onChange]);
  const shown = held ?? value;
  return (
    <div className={css["slider"]}>
      <label htmlFor={id}>{t("events.above")}</label>
      <input
        id={id}
        type="range"
        min={Math.min(min, shown)}
        max={Math.max(max, shown)}
        step={1}
        value={shown}
        aria-valuetext={t("events.aboveValue", { y: fmt.count(shown) })}
        onChange={(event) => setHeld(Number(event.target.value))}
      />
      <output htmlFor={id}>&gt; {fmt.count(shown)}</output>
    </div>
  );
}
