import { DAY, HOUR, MINUTE, type Span } from "../../time";

/** A window that suits a range: its length and how the platform calls it. Longer than a day it follows the calendar. */
export function flowWindow({ from, to }: Span): { text: string; ms: number } {
  const length = to - from;
  if (length <= 3 * HOUR) return { text: "1m", ms: MINUTE };
  if (length <= 36 * HOUR) return { text: "15m", ms: 15 * MINUTE };
  return length <= 10 * DAY ? { text: "1h", ms: HOUR } : { text: "1d", ms: DAY };
}
