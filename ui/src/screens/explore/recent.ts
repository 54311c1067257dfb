/** The questions that were asked in this browser, newest first. */
import { useSyncExternalStore } from "react";

export interface Recent {
  readonly label: string;
  /** Search parameters of the question. */
  readonly search: Readonly<Record<string, string>>;
}

const STORED = "penstock.explore.recent";
const MOST = 20;
const listeners = new Set<() => void>();
let recent: readonly Recent[] | undefined;

function isRecent(raw: unknown): raw is Recent {
  if (typeof raw !== "object" || raw === null || !("label" in raw) || !("search" in raw)) return false;
  return typeof raw.label === "string" && typeof raw.search === "object" && raw.search !== null && Object.values(raw.search).every((value) => typeof value === "string");
}

function read(): readonly Recent[] {
  try {
    const raw: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(raw) ? raw.filter(isRecent).slice(0, MOST) : [];
  } catch {
    return []; // what somebody else wrote there is not ours to fix, and the list is only comfort
  }
}

export function useRecent(): readonly Recent[] {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => (recent ??= read()),
  );
}

/** `one` first and once. */
export function withRecent(before: readonly Recent[], one: Recent): readonly Recent[] {
  const same = JSON.stringify(one.search);
  return [one, ...before.filter((other) => JSON.stringify(other.search) !== same)].slice(0, MOST);
}

export function remember(one: Recent): void {
  recent = withRecent(recent ?? read(), one);
  localStorage.setItem(STORED, JSON.stringify(recent));
  for (const changed of listeners) changed();
}
