/** Times as files write them. */
import { instantOf } from "../../time/zone";

export const TIME_FORMS = ["s", "ms", "us", "ns", "iso", "dayFirst", "monthFirst"] as const;
/** Epoch seconds to nanoseconds; ISO 8601 with or without an offset; 31.12.2026 or 31/12/2026; 12/31/2026. */
export type TimeForm = (typeof TIME_FORMS)[number];

const EPOCH = /^\d{9,19}(\.\d+)?$/;
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i;
const LOCAL = /^(\d{1,2})[./](\d{1,2})[./](\d{4})(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?$/;
const PER_MS: Partial<Record<TimeForm, number>> = { s: 1e-3, ms: 1, us: 1e3, ns: 1e6 };

/** How the samples are written; undefined when nothing fits all of them. */
export function timeFormOf(samples: readonly string[]): TimeForm | undefined {
  const given = samples.map((text) => text.trim()).filter(Boolean);
  if (given.length === 0) return undefined;
  if (given.every((text) => EPOCH.test(text))) {
    const digits = Math.max(...given.map((text) => text.split(".")[0]!.length));
    return digits <= 11 ? "s" : digits <= 14 ? "ms" : digits <= 17 ? "us" : "ns";
  }
  if (given.every((text) => ISO.test(text))) return "iso";
  const local = given.map((text) => LOCAL.exec(text));
  if (local.some((found) => found === null)) return undefined;
  // Only a second number above 12 proves that the month comes first.
  return local.some((found) => Number(found?.[2]) > 12) ? "monthFirst" : "dayFirst";
}

/** Whether times of this form need a zone: those with an offset of their own do not. */
export function needsZone(form: TimeForm, samples: readonly string[]): boolean {
  if (form === "iso") return samples.some((text) => ISO.exec(text.trim())?.[8] === undefined && text.trim() !== "");
  return form === "dayFirst" || form === "monthFirst";
}

const QUARTER = 900_000;

/** Epoch ms of a text, or null. Offsets are asked once for each quarter of an hour: `Intl` is slow, and files are long. */
export function timeReader(form: TimeForm, zone: string): (text: string) => number | null {
  const offsets = new Map<number, number>();
  const instant = (wall: number): number => {
    const quarter = Math.floor(wall / QUARTER);
    let offset = offsets.get(quarter);
    if (offset === undefined) offsets.set(quarter, (offset = instantOf(quarter * QUARTER, zone) - quarter * QUARTER));
    return wall + offset;
  };
  const per = PER_MS[form];
  if (per !== undefined) {
    return (text) => {
      const plain = text.trim();
      return EPOCH.test(plain) ? Math.floor(Number(plain) / per) : null;
    };
  }
  if (form === "iso") {
    return (text) => {
      const found = ISO.exec(text.trim());
      if (!found) return null;
      const wall = wallOf(found[1], found[2], found[3], found.slice(4, 8));
      if (wall === null) return null;
      return found[8] === undefined ? instant(wall) : wall - offsetOf(found[8]);
    };
  }
  return (text) => {
    const found = LOCAL.exec(text.trim());
    if (!found) return null;
    const [day, month] = form === "dayFirst" ? [found[1], found[2]] : [found[2], found[1]];
    const wall = wallOf(found[3], month, day, found.slice(4, 8));
    return wall === null ? null : instant(wall);
  };
}

function wallOf(year: string | undefined, month: string | undefined, day: string | undefined, clock: readonly (string | undefined)[]): number | null {
  const [hour = "0", minute = "0", second = "0", fraction = "0"] = clock;
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const read = new Date(date);
  const real = read.getUTCMonth() === Number(month) - 1 && read.getUTCDate() === Number(day);
  if (!real || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  return date + Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1_000 + Math.floor(Number(`0.${fraction}`) * 1_000);
}

function offsetOf(text: string): number {
  if (/^z$/i.test(text)) return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return (text.startsWith("-") ? -1 : 1) * minutes * 60_000;
}
