/** The icons of the shared parts: 16 × 16 strokes in the colour of the text. They never stand for a name on their own. */
import type { ReactNode } from "react";

const PATHS = {
  calendar: "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2v3M10.5 2v3",
  check: "M3 8.5 6.5 12 13 4.5",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 5v3.5l2.5 1.5",
  close: "m4 4 8 8M12 4l-8 8",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  down: "m4 6 4 4 4-4",
  download: "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M2.5 13.5h11",
  error: "M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM8 5v3.8M8 10.8v.4",
  filter: "M2.5 3.5h11l-4.2 5v4l-2.6 1v-5z",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 7.3V11M8 5v.4",
  left: "m10 4-4 4 4 4",
  link: "M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2.2-2.2A2.6 2.6 0 0 0 9 3.3L8 4.3M9.2 6.8a2.6 2.6 0 0 0-3.7 0L3.3 9A2.6 2.6 0 0 0 7 12.7l1-1",
  minus: "M3 8h10",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  offline: "m2.5 2.5 11 11M4.5 9.5a5 5 0 0 1 2-1.2M2.5 7a8 8 0 0 1 2.7-1.7M8 5a8 8 0 0 1 5.5 2M9.8 8.3a5 5 0 0 1 1.7 1.2M8 12.5h.01",
  plus: "M8 3v10M3 8h10",
  retry: "M13 8a5 5 0 1 1-1.5-3.5M13 2.5v3h-3",
  right: "m6 4 4 4-4 4",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3l3.2 3.2",
  sortDown: "M5 3v10M2.5 10.5 5 13l2.5-2.5M9.5 4h4M9.5 8h3M9.5 12h2",
  sortUp: "M5 13V3M2.5 5.5 5 3l2.5 2.5M9.5 4h2M9.5 8h3M9.5 12h4",
  upload: "M8 11V3M4.5 6.5 8 3l3.5 3.5M2.5 13.5h11",
  warning: "M8 2.5 14 13.5H2zM8 6.5v3.3M8 11.6v.2",
} as const;

export type IconName = keyof typeof PATHS;

/** One icon, hidden from screen readers: what it says is also said in words. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }): ReactNode {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.5 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
