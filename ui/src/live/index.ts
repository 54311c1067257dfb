import { useEffect, useState, useSyncExternalStore } from "react";
import type { Reading } from "./board";
import { Link, type LinkStatus } from "./link";
import type { SecurityEvent } from "./messages";

export { keyOf, part, type SeriesName } from "./messages";
export type { SecurityEvent } from "./messages";
export type { LinkStatus } from "./link";
export type { Reading } from "./board";

export const link = new Link(() => `${location.origin.replace(/^http/, "ws")}/v1/live`);
export const board = link.board;

/** Keep series that match `patterns` coming while the component is there; read them with `useLatest` and `useStrip`. */
export function useLive(patterns: readonly string[]): void {
  const wanted = patterns.join("\n");
  useEffect(() => (wanted ? link.subscribe(wanted.split("\n")) : undefined), [wanted]);
}

/** The newest reading of a series (`keyOf`), once one came over a subscription of this page. */
export function useLatest(key: string): Reading | undefined {
  return useSyncExternalStore(
    (changed) => board.hear(key, changed),
    () => board.reading(key),
  );
}

/** How the socket is. */
export function useLink(): LinkStatus {
  return useSyncExternalStore(
    (changed) => link.hear(changed),
    () => link.status,
  );
}

/** A number that changes with every paint that brought anything new: for components that draw many series by themselves. */
export function useBoardVersion(): number {
  return useSyncExternalStore(
    (changed) => board.hear(null, changed),
    () => board.version,
  );
}

/** The newest security events above a criticality that came since the page was opened, newest first. */
export function useEvents(above: number): readonly SecurityEvent[] {
  useEffect(() => link.subscribe([], above), [above]);
  const events = useSyncExternalStore(
    (changed) => board.hear("", changed),
    () => board.events,
  );
  return events;
}

/** The last `seconds` of a series as columns; drawn anew when it has news, at most once a paint. */
export function useStrip(key: string, seconds: number): { times: number[]; values: (number | null)[] } {
  const latest = useLatest(key);
  const [strip, setStrip] = useState<{ times: number[]; values: (number | null)[] }>({ times: [], values: [] });
  useEffect(() => {
    const ring = board.rings.get(key);
    setStrip(ring ? ring.since(ring.newest - seconds * 1_000) : { times: [], values: [] });
  }, [key, seconds, latest]);
  return strip;
}
