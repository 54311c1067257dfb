import type { ComponentType } from "react";
import type { Key } from "../i18n";

/** Every screen is a folder below screens/, loaded when somebody goes there. */
const modules = import.meta.glob<{ default: ComponentType }>("../screens/*/index.tsx");

export function loaderOf(id: string): (() => Promise<{ default: ComponentType }>) | undefined {
  return modules[`../screens/${id}/index.tsx`];
}

/** What a screen is called, where it is and who needs it; the navigation, the palette and the landing page read this list. */
export interface Screen {
  id: string;
  path: "/fleet" | "/batteries" | "/live" | "/explore" | "/events" | "/catalog" | "/system" | "/add";
  label: Key;
  icon: string;
  /** In the bar at the bottom of a phone; the others are behind More. */
  phone?: boolean;
  /** The second key of its shortcut: g, then this. */
  key: string;
}

const ALL: readonly Screen[] = [
  { id: "fleet", path: "/fleet", label: "app.fleet", icon: "M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z", phone: true, key: "f" },
  { id: "batteries", path: "/batteries", label: "app.batteries", icon: "M2 5h11v7H2zM13 7h1.5v3H13M4.5 7.2v2.6M7 7.2v2.6", key: "b" },
  { id: "live", path: "/live", label: "app.live", icon: "M1 8h3l2-5 3 10 2-5h4", phone: true, key: "l" },
  { id: "explore", path: "/explore", label: "app.explore", icon: "M2 14V2M2 14h12M5 11V8M8 11V4M11 11V6", phone: true, key: "e" },
  { id: "events", path: "/events", label: "app.events", icon: "M8 1.5 14 4v4c0 3.5-2.5 5.5-6 6.5C4.5 13.5 2 11.5 2 8V4zM8 5v3.5M8 10.5v.5", phone: true, key: "v" },
  { id: "catalog", path: "/catalog", label: "app.catalog", icon: "M2 14V6l6-4 6 4v8M6 14v-4h4v4M2 14h12", key: "c" },
  { id: "system", path: "/system", label: "app.system", icon: "M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.01M4.5 11h.01", key: "s" },
  { id: "add", path: "/add", label: "app.add", icon: "M8 2v12M2 8h12", key: "a" },
];

/** Those that are built: nothing leads to an empty page. */
export const SCREENS: readonly Screen[] = ALL.filter((screen) => loaderOf(screen.id));

/** Where each role wants to begin. */
export const LANDINGS = {
  operations: "/live",
  maintenance: "/batteries",
  management: "/fleet",
  developer: "/add",
  admin: "/system",
} as const;
export type Role = keyof typeof LANDINGS;
