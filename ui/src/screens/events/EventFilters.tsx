/** What is shown: above which criticality, of which level and source, of the range or the newest. */
import { useCallback, useMemo, type ReactNode } from "react";
import { Select, Toggle } from "../../forms";
import { fmt, t } from "../../i18n";
import css from "./events.module.css";
import { Level } from "./Level";
import { LevelSlider } from "./LevelSlider";
import { counted, type EventRow } from "./rows";
import type { EventView } from "./useEventView";

const LASTS = [10, 50] as const;
/** The ends of the slider, unless there are levels beyond. */
const LEAST = -1;
const MOST = 9;

interface Props {
  readonly rows: readonly EventRow[];
  readonly view: EventView;
  readonly onChange: (change: Partial<EventView>, replace?: boolean) => void;
}

export function EventFilters({ rows, view, onChange }: Props): ReactNode {
  const { above, last } = view;
  const levels = useMemo(() => counted(rows, (row) => row.criticality), [rows]);
  const slide = useCallback((value: number) => onChange({ above: value, level: null }, true), [onChange]);
  const [highest] = levels[0] ?? [MOST + 1];
  const [lowest] = levels.at(-1) ?? [LEAST + 1];
  return (
    <div className={css["filters"]}>
      <LevelSlider value={above} min={Math.min(LEAST, lowest - 1)} max={Math.max(MOST, highest - 1)} onChange={slide} />
      <div role="group" aria-label={t("events.newest")} className={css["chips"]}>
        {LASTS.map((n) => (
          <Toggle key={n} isSelected={last === n} onChange={(on) => onChange({ last: on ? n : null })}>
            {t("events.lastAbove", { n, y: above })}
          </Toggle>
        ))}
      </div>
      <Sources rows={rows} view={view} onChange={onChange} />
      <div role="group" aria-label={t("events.levels")} className={css["chips"]}>
        {levels.map(([level, count]) => (
          <Toggle
            key={level}
            className={level > above ? "" : (css["below"] ?? "")}
            isSelected={view.level === level}
            onChange={(on) => onChange({ level: on ? level : null, above: Math.min(above, level - 1) })}
          >
            <Level value={level} />
            <span className={css["count"]}>
              <span aria-hidden="true">{fmt.count(count)}</span>
              <span className="visually-hidden">, {t("events.count", { n: count })}</span>
            </span>
          </Toggle>
        ))}
      </div>
    </div>
  );
}

const ALL = "*";

/** Only where events come from more than one source. */
function Sources({ rows, view, onChange }: Props): ReactNode {
  const sources = useMemo(() => counted(rows, (row) => row.source).sort(([, a], [, b]) => b - a), [rows]);
  if (sources.length < 2 && view.source === null) return null;
  const known = sources.some(([source]) => source === view.source) || view.source === null ? sources : [[view.source, 0] as const, ...sources];
  const options = [
    { value: ALL, label: t("events.allSources"), detail: fmt.count(rows.length) },
    ...known.map(([source, count]) => ({ value: `=${source}`, label: source || t("events.noSource"), detail: fmt.count(count) })),
  ];
  return (
    <Select
      label={t("events.source")}
      options={options}
      value={view.source === null ? ALL : `=${view.source}`}
      onChange={(value) => onChange({ source: value === ALL ? null : value.slice(1) })}
    />
  );
}
