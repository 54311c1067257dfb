/** Which events are shown, as the URL keeps it. */
import { useCallback, useMemo } from "react";
import { asText } from "../../url/text";
import { useSearchParams } from "../../url/useSearchParams";
import type { Narrowing } from "./rows";

/** Criticality above which events are shown where the URL says nothing: what happens all day stays out of sight. */
export const USUAL_ABOVE = 3;

export interface EventView extends Narrowing {
  /** The newest so many, from any time; null for those of the range. */
  readonly last: number | null;
  /** Id of the event that is open. */
  readonly open: string | null;
}

/** The view, and how to change it; undefined takes a part back to what is usual. `replace` adds no step to Back. */
export function useEventView(): [EventView, (change: Partial<EventView>, replace?: boolean) => void] {
  const [search, change] = useSearchParams();
  const { above, level, source, last, event } = search;
  const view = useMemo<EventView>(
    () => ({
      above: whole(above) ?? USUAL_ABOVE,
      level: whole(level),
      source: asText(source) ?? null,
      last: atLeastOne(whole(last)),
      open: asText(event) ?? null,
    }),
    [above, level, source, last, event],
  );
  const set = useCallback(
    (wanted: Partial<EventView>, replace = false) => {
      const { open, ...rest } = wanted;
      const texts = Object.entries(rest).map(([name, value]) => [name, value === null ? undefined : String(value)] as const);
      change({ ...Object.fromEntries(texts), ...("open" in wanted ? { event: open ?? undefined } : {}) }, { replace });
    },
    [change],
  );
  return [view, set];
}

function whole(raw: unknown): number | null {
  const text = asText(raw)?.trim();
  const value = text ? Number(text) : NaN;
  return Number.isInteger(value) ? value : null;
}

function atLeastOne(value: number | null): number | null {
  return value !== null && value >= 1 ? Math.min(value, 1_000) : null;
}
