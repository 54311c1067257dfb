/** Where the crosshair of a chart is, outside of React's state: it moves with every move of a pointer. */

import { useSyncExternalStore } from "react";

export interface CursorState {
  /** Index into the chart's times; undefined where there is no crosshair. */
  index: number | undefined;
  /** It was moved by keys: then what is under it is spoken. */
  keyed: boolean;
}

export interface CursorStore {
  get: () => CursorState;
  set: (state: CursorState) => void;
  subscribe: (listener: () => void) => () => void;
}

export function cursorStore(): CursorStore {
  let state: CursorState = { index: undefined, keyed: false };
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set: (next) => {
      if (next.index === state.index && next.keyed === state.keyed) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useCursor(store: CursorStore): CursorState {
  return useSyncExternalStore(store.subscribe, store.get);
}
