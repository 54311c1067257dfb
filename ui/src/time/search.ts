/** The range in the URL: `from`, `to`, `live` and `tz`. What is not understood is refused, never replaced in silence. */
import { t } from "../i18n";
import { writtenText } from "../url/text";
import {
  checked,
  DEFAULT_RANGE,
  fault,
  isNow,
  ok,
  parseBound,
  printBound,
  type Fault,
  type Parsed,
  type Range,
} from "./range";
import { knownZone } from "./zone";

/** The search parameters, each only where it differs from the default (the last 24 hours, live, the site's clock). */
export interface RangeSearch {
  from?: string;
  to?: string;
  live?: boolean;
  /** `site`, `mine`, `utc`, or an IANA name. */
  tz?: string;
}

/** A link whose range cannot be shown. Its message says which part is wrong, in the reader's language. */
export class BadRange extends Error {
  override readonly name = "BadRange";
  readonly fault: Fault;

  constructor(because: Fault) {
    super(faultText(because));
    this.fault = because;
  }
}

/** What is wrong and what to write instead. */
export function faultText({ code, field, value }: Fault): string {
  return t(`time.fault.${code}`, { field, value });
}

/** The range of raw search parameters, as the router's `validateSearch` wants it. Throws `BadRange`. */
export function rangeSearch(raw: Record<string, unknown>): RangeSearch {
  const range = rangeOf(raw, Date.now());
  if (!range.ok) throw new BadRange(range.fault);
  const zone = zoneText(raw["tz"]);
  if (!zone.ok) throw new BadRange(zone.fault);
  return { ...searchOf(range.value), ...(zone.value === undefined ? {} : { tz: zone.value }) };
}

/** The range of raw search parameters; order is judged at `now`. */
export function rangeOf(raw: Record<string, unknown>, now: number): Parsed<Range> {
  const given = { from: writtenText(raw["from"]), to: writtenText(raw["to"]) };
  const from = given.from === undefined ? ok(DEFAULT_RANGE.from) : parseBound(given.from, "from");
  if (!from.ok) return from;
  const to = given.to === undefined ? ok(DEFAULT_RANGE.to) : parseBound(given.to, "to");
  if (!to.ok) return to;
  const live = liveOf(raw["live"], isNow(to.value) && from.value.kind === "ago");
  return live.ok ? checked({ from: from.value, to: to.value, live: live.value }, now, "UTC") : live;
}

function liveOf(raw: unknown, usual: boolean): Parsed<boolean> {
  const text = writtenText(raw);
  if (text === undefined) return ok(usual);
  if (text === "true" || text === "1") return ok(true);
  if (text === "false" || text === "0") return ok(false);
  return fault("notABoolean", "live", text);
}

function zoneText(raw: unknown): Parsed<string | undefined> {
  const text = writtenText(raw);
  if (text === undefined || text === "site" || text === "mine" || text === "utc" || knownZone(text)) return ok(text);
  return fault("noSuchZone", "tz", text);
}

/** The search parameters of a range, without what is the default anyway. */
export function searchOf(range: Range): RangeSearch {
  const search: RangeSearch = {};
  const [from, to] = [printBound(range.from), printBound(range.to)];
  const usual = isNow(range.to) && range.from.kind === "ago";
  if (from !== printBound(DEFAULT_RANGE.from)) search.from = from;
  if (to !== printBound(DEFAULT_RANGE.to)) search.to = to;
  if (range.live !== usual) search.live = range.live;
  return search;
}
