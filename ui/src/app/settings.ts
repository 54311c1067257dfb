import { useSyncExternalStore } from "react";
import type { Role } from "./screens";

export interface Settings {
  theme: "auto" | "light" | "dark";
  role: Role;
  shortcuts: boolean;
  /** The unit that temperatures are shown in; they are stored in K. */
  degrees: Degrees;
}

export type Degrees = "degC" | "degF" | "K";

const STORED = "penstock.settings";
const DEFAULTS: Settings = { theme: "auto", role: "management", shortcuts: true, degrees: "degC" };
const listeners = new Set<() => void>();
let settings: Settings = read();

function read(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(STORED) ?? "{}") as Partial<Settings>) };
  } catch {
    return DEFAULTS; // what somebody else wrote there is not ours to fix, and settings are only comfort
  }
}

/** What this browser's user chose; kept here, because accounts do not keep it yet. */
export function useSettings(): Settings {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => settings,
  );
}

export function currentSettings(): Settings {
  return settings;
}

export function change(part: Partial<Settings>): void {
  settings = { ...settings, ...part };
  localStorage.setItem(STORED, JSON.stringify(settings));
  applyTheme();
  for (const changed of listeners) changed();
}

export function applyTheme(): void {
  if (settings.theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = settings.theme;
}
