/** A month as a calendar shows it: weeks of seven days, by wall time. */
import { DAY, weekday } from "./zone";

/** The first day of a week in a locale, 0 for Monday. Give one with its region: weeks differ between en-GB and en-US. */
export function firstWeekday(tag: string): number {
  // Newer engines have a method, older ones a getter, and TypeScript neither.
  const locale = new Intl.Locale(tag) as Intl.Locale & {
    getWeekInfo?: () => { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  const info = locale.getWeekInfo?.() ?? locale.weekInfo;
  return info === undefined ? 0 : info.firstDay - 1;
}

/** Midnight (wall time) of the first of the month that a wall time lies in. */
export function monthOf(wall: number): number {
  const date = new Date(wall);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

/** The same day so many months on, or the last day of that month when it is shorter. */
export function addMonths(wall: number, months: number): number {
  const date = new Date(wall);
  const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1);
  const next = new Date(first);
  const length = new Date(Date.UTC(next.getUTCFullYear(), next.getUTCMonth() + 1, 0)).getUTCDate();
  return first + (Math.min(date.getUTCDate(), length) - 1) * DAY;
}

/** The weeks that a month touches: midnights (wall time), whole weeks, days of its neighbours among them. */
export function weeksOf(month: number, first: number): number[][] {
  const start = month - ((weekday(month) - first + 7) % 7) * DAY;
  const end = addMonths(month, 1);
  const weeks: number[][] = [];
  for (let week = start; week < end; week += 7 * DAY) {
    weeks.push(Array.from({ length: 7 }, (_, n) => week + n * DAY));
  }
  return weeks;
}

/** Where a key moves the focus in a calendar; undefined for keys that do nothing there. */
export function dayAfterKey(day: number, key: string, shift: boolean, first: number): number | undefined {
  switch (key) {
    case "ArrowLeft":
      return day - DAY;
    case "ArrowRight":
      return day + DAY;
    case "ArrowUp":
      return day - 7 * DAY;
    case "ArrowDown":
      return day + 7 * DAY;
    case "Home":
      return day - ((weekday(day) - first + 7) % 7) * DAY;
    case "End":
      return day + (6 - ((weekday(day) - first + 7) % 7)) * DAY;
    case "PageUp":
      return addMonths(day, shift ? -12 : -1);
    case "PageDown":
      return addMonths(day, shift ? 12 : 1);
    default:
      return undefined;
  }
}

/** First and last day, midnights by wall time, both inside. */
export interface Days {
  readonly first: number;
  readonly last: number;
}

/** The days that a span of wall times touches. */
export function daysOf(fromWall: number, toWall: number): Days {
  const first = Math.floor(fromWall / DAY) * DAY;
  // Half-open: a span that ends at midnight does not touch that day.
  return { first, last: Math.max(first, Math.floor((toWall - 1) / DAY) * DAY) };
}
