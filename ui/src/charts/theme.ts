/** Colours for a canvas, which knows no CSS: resolved from the tokens where the canvas stands, anew when the scheme changes. */

import { type RefObject, useSyncExternalStore, useLayoutEffect, useState } from "react";

/** What `paint` was asked for, as the browser computes it, such as `rgb(12, 34, 56)`. */
export type Paint = (color: string) => string;

export interface Theme {
  paint: Paint;
  /** The system's own colours are forced: lines are told apart by dashes, too. */
  forced: boolean;
  /** Thicker lines are wanted. */
  contrast: boolean;
  font: string;
}

const QUERIES = ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"] as const;

/** The theme at an element; undefined before it is in the page. A new object each time that the scheme changes. */
export function useTheme(at: RefObject<HTMLElement | null>): Theme | undefined {
  const scheme = useSyncExternalStore(subscribe, () => version);
  const [theme, setTheme] = useState<Theme>();
  useLayoutEffect(() => {
    if (at.current !== null) setTheme(themeAt(at.current));
  }, [at, scheme]);
  return theme;
}

/** Resolves colours as they are at an element now. */
export function themeAt(element: HTMLElement): Theme {
  const known = new Map<string, string>();
  const paint = (color: string): string => {
    const found = known.get(color);
    if (found !== undefined) return found;
    // Of a property that nobody registered, only a used colour is computed: light-dark() would be handed on as it is written.
    const probe = document.createElement("i");
    probe.style.setProperty("forced-color-adjust", "none");
    probe.style.color = color.startsWith("--") ? `var(${color})` : color;
    element.append(probe);
    const computed = getComputedStyle(probe).color;
    probe.remove();
    known.set(color, computed);
    return computed;
  };
  const style = getComputedStyle(element);
  return {
    paint,
    forced: matchMedia(QUERIES[1]).matches,
    contrast: matchMedia(QUERIES[2]).matches,
    font: `${style.fontSize} ${style.fontFamily}`,
  };
}

/** The same colour, less opaque: `rgb(1 2 3)` and `color(…)` alike. */
export function faded(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${alpha * 100}%, transparent)`;
}

let version = 0;
const listeners = new Set<() => void>();
let stop: (() => void) | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  stop ??= watch();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      stop?.();
      stop = undefined;
    }
  };
}

/** One watch for all charts: the system's wishes, and the scheme that a user chose, which is an attribute of the root. */
function watch(): () => void {
  const changed = () => {
    version++;
    for (const listener of listeners) listener();
  };
  const lists = QUERIES.map((query) => matchMedia(query));
  for (const list of lists) list.addEventListener("change", changed);
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "style", "data-theme", "data-scheme"] });
  return () => {
    for (const list of lists) list.removeEventListener("change", changed);
    observer.disconnect();
  };
}
