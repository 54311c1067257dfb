/** What is written at the ticks of a time axis: the time of day, and below it the day where a new one begins. */

const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 86_400_000;
/** Ticks so far apart are months. */
const MONTH = 27 * DAY;
const YEAR = 364 * DAY;

type Fields = Intl.DateTimeFormatOptions;

const made = new Map<string, Intl.DateTimeFormat>();

/** A formatter, made once: making one costs as much as a hundred uses. */
export function formatter(locale: string, zone: string, fields: Fields): Intl.DateTimeFormat {
  const key = JSON.stringify([locale, zone, fields]);
  let found = made.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...fields });
    made.set(key, found);
  }
  return found;
}

/** Labels of ticks (epoch ms, ascending) that are about `step` ms apart; a second line says what the first leaves open. */
export function tickLabels(ticks: readonly number[], step: number, zone: string, locale: string): string[] {
  const [near, far] = formats(step);
  const first = formatter(locale, zone, near);
  const second = far === undefined ? undefined : formatter(locale, zone, far);
  let before = "";
  return ticks.map((tick) => {
    const label = first.format(tick);
    if (second === undefined) return label;
    const context = second.format(tick);
    if (context === before) return label;
    before = context;
    return `${label}\n${context}`;
  });
}

function formats(step: number): [Fields, Fields?] {
  const time: Fields = { hour: "2-digit", minute: "2-digit" };
  const day: Fields = { day: "numeric", month: "short" };
  if (step < SECOND) return [{ minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }, { ...day, ...time }];
  if (step < MINUTE) return [{ ...time, second: "2-digit" }, day];
  if (step < DAY) return [time, day];
  if (step < MONTH) return [day, { year: "numeric" }];
  if (step < YEAR) return [{ month: "short" }, { year: "numeric" }];
  return [{ year: "numeric" }];
}
