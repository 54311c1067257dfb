/** The range of time that every chart and table of the screen shows. It lives in the URL, so Back and links keep it. */
import { useCallback, useMemo } from "react";
import { useSearchParams } from "../url/useSearchParams";
import { useNow } from "./clock";
import { agoOf, isNow, liveStep, NOW, resolve, shifted, zoomed, type Range, type Span } from "./range";
import { BadRange, rangeOf, searchOf } from "./search";
import { asText } from "../url/text";
import { useZones, zoneOf } from "./zones";

/** A change of the range; what is left out stays. `from` and `to` are epoch ms. */
export interface RangeChange {
  readonly from?: number;
  readonly to?: number;
  readonly range?: Range;
  readonly live?: boolean;
  /** `site`, `mine`, `utc`, or an IANA name; undefined chooses the site's clock. */
  readonly tz?: string | undefined;
}

export interface RangeState extends Span {
  /** Whether the range follows the clock. `from` and `to` then move in steps that suit its length. */
  readonly live: boolean;
  /** IANA name of the zone whose clock is shown. */
  readonly zone: string;
  /** What the URL says about the zone: `site`, `mine`, `utc`, a name, or nothing. */
  readonly zoneChoice: string | undefined;
  readonly range: Range;
  set(change: RangeChange): void;
  /** One range further back (−1) or on (1); a whole day is a local day. */
  shift(direction: -1 | 1): void;
  /** `factor` times as long; a live range keeps its end and stays live. */
  zoom(factor: number): void;
}

/** A range that is not followed stays where it was when it was asked for, for all who show it. */
const paused = { text: "", now: 0 };

function pausedAt(text: string): number {
  if (paused.text !== text) Object.assign(paused, { text, now: Date.now() });
  return paused.now;
}

function at(span: Span): Range {
  return { from: { kind: "at", ms: span.from }, to: { kind: "at", ms: span.to }, live: false };
}

/** The range as a live one or not. What ended in the past and is to be live becomes as long a range that ends now. */
function followed(range: Range, span: Span, live: boolean): Range {
  return live && !isNow(range.to) ? { from: agoOf(span.to - span.from), to: NOW, live } : { ...range, live };
}

/** The range in the URL and how to change it. Throws `BadRange`, which `rangeSearch` on the root route does before. */
export function useRange(): RangeState {
  const [search, change] = useSearchParams();
  const zones = useZones();
  const zoneChoice = asText(search["tz"]);
  const zone = zoneOf(zoneChoice, zones);

  const text = JSON.stringify([search["from"], search["to"], search["live"]]);
  const range = useMemo(() => {
    const [from, to, live] = JSON.parse(text) as unknown[];
    const parsed = rangeOf({ from: from ?? undefined, to: to ?? undefined, live: live ?? undefined }, Date.now());
    if (!parsed.ok) throw new BadRange(parsed.fault);
    return parsed.value;
  }, [text]);

  const step = useMemo(() => {
    const { from, to } = resolve(range, Date.now(), zone);
    return liveStep(to - from);
  }, [range, zone]);
  // The end of the step that is running, so that what came in it is not left out.
  const running = useNow(step) + step;
  const now = range.live ? running : pausedAt(text);
  const span = useMemo(() => resolve(range, now, zone), [range, now, zone]);

  const set = useCallback(
    (wanted: RangeChange) => {
      const base = wanted.range ?? range;
      const moved = wanted.from !== undefined || wanted.to !== undefined;
      const next = moved ? at({ from: wanted.from ?? span.from, to: wanted.to ?? span.to }) : base;
      const { from, to, live } = searchOf(wanted.live === undefined ? next : followed(next, span, wanted.live));
      change({ from, to, live, ...("tz" in wanted ? { tz: wanted.tz } : {}) });
    },
    [change, range, span],
  );
  const shift = useCallback((direction: -1 | 1) => set({ range: at(shifted(span, direction, zone)) }), [set, span, zone]);
  const zoom = useCallback(
    (factor: number) => {
      const follows = range.live && range.from.kind === "ago" && range.from.snap === undefined;
      const next = zoomed(span, factor, follows ? "end" : "middle");
      set({ range: follows ? { from: agoOf(next.to - next.from), to: NOW, live: true } : at(next) });
    },
    [range, set, span],
  );
  return useMemo(
    () => ({ ...span, live: range.live, zone, zoneChoice, range, set, shift, zoom }),
    [span, range, zone, zoneChoice, set, shift, zoom],
  );
}
