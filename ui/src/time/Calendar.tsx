/** Two days out of a month, first and last, by pointer or keyboard (the grid pattern of the ARIA practices guide). */
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Button } from "../forms/Button";
import { t, tag } from "../i18n";
import css from "./Calendar.module.css";
import { addMonths, dayAfterKey, firstWeekday, monthOf, weeksOf, type Days } from "./month";

export interface CalendarProps {
  readonly days: Days | undefined;
  /** Today's midnight by the shown clock (wall time). */
  readonly today: number;
  /** Called with one day twice at the first choice, and with both after the second. */
  readonly onChange: (days: Days) => void;
}

const NARROW: Intl.DateTimeFormatOptions = { weekday: "short", timeZone: "UTC" };
const MONTH: Intl.DateTimeFormatOptions = { month: "long", year: "numeric", timeZone: "UTC" };
const SPOKEN: Intl.DateTimeFormatOptions = { dateStyle: "full", timeZone: "UTC" };

export function Calendar({ days, today, onChange }: CalendarProps): ReactNode {
  const id = useId();
  const grid = useRef<HTMLTableElement>(null);
  const [cursor, setCursor] = useState(days?.last ?? today);
  const [start, setStart] = useState<number | null>(null);
  const moved = useRef(false);
  const month = monthOf(cursor);
  const first = firstWeekday(navigator.languages.find((one) => one.startsWith(tag())) ?? tag());
  const weeks = weeksOf(month, first);
  const spoken = new Intl.DateTimeFormat(tag(), SPOKEN);

  useEffect(() => {
    // Only after a key: a calendar that opens, or a month that is turned by its button, leaves the focus alone.
    if (!moved.current) return;
    moved.current = false;
    grid.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  }, [cursor]);

  function choose(day: number): void {
    setCursor(day);
    if (start === null) {
      setStart(day);
      onChange({ first: day, last: day });
    } else {
      setStart(null);
      onChange({ first: Math.min(start, day), last: Math.max(start, day) });
    }
  }

  function onKey(event: KeyboardEvent): void {
    const next = dayAfterKey(cursor, event.key, event.shiftKey, first);
    if (next === undefined) return;
    event.preventDefault();
    moved.current = true;
    setCursor(next);
  }

  return (
    <div className={css["calendar"]}>
      <div className={css["head"]}>
        <Button tone="quiet" icon="left" aria-label={t("time.monthBefore")} onPress={() => setCursor(addMonths(cursor, -1))} />
        <span id={id} aria-live="polite" className={css["month"]}>
          {new Intl.DateTimeFormat(tag(), MONTH).format(month)}
        </span>
        <Button tone="quiet" icon="right" aria-label={t("time.monthAfter")} onPress={() => setCursor(addMonths(cursor, 1))} />
      </div>
      <table ref={grid} role="grid" aria-labelledby={id} aria-multiselectable="true" onKeyDown={onKey}>
        <thead>
          <tr>
            {(weeks[0] ?? []).map((day) => (
              <th key={day} scope="col" abbr={new Intl.DateTimeFormat(tag(), { weekday: "long", timeZone: "UTC" }).format(day)}>
                {new Intl.DateTimeFormat(tag(), NARROW).format(day)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]}>
              {week.map((day) => {
                const inside = days !== undefined && day >= days.first && day <= days.last;
                return (
                  <td key={day} role="gridcell" aria-selected={inside}>
                    <button
                      type="button"
                      tabIndex={day === cursor ? 0 : -1}
                      aria-label={spoken.format(day)}
                      aria-current={day === today ? "date" : undefined}
                      className={css["day"]}
                      data-other={monthOf(day) === month ? undefined : true}
                      data-inside={inside || undefined}
                      data-edge={days !== undefined && (day === days.first || day === days.last) ? true : undefined}
                      onClick={() => choose(day)}
                    >
                      {new Date(day).getUTCDate()}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p role="status" className={css["hint"]}>
        {start === null ? t("time.chooseFirst") : t("time.chooseLast")}
      </p>
    </div>
  );
}
