/** Whether the reader wants things to keep still. */

import { useSyncExternalStore } from "react";

const QUERY = "(prefers-reduced-motion: reduce)";

export function useReducedMotion(): boolean {
  return useSyncExternalStore(subscribe, isWanted);
}

// Asked for at every rendering, so the list is made once.
let list: MediaQueryList | undefined;

function isWanted(): boolean {
  list ??= matchMedia(QUERY);
  return list.matches;
}

function subscribe(changed: () => void): () => void {
  list ??= matchMedia(QUERY);
  const listened = list;
  listened.addEventListener("change", changed);
  return () => listened.removeEventListener("change", changed);
}
