/** How long ago something was, which goes on while it is looked at. */
import type { ReactNode } from "react";
import { fmt } from "../i18n";
import { useNow } from "../time/clock";
import { SECOND } from "../time/zone";
import { useZone } from "../time/useZone";

export interface AgeProps {
  /** Epoch ms. */
  readonly ts: number;
}

/** "12 s ago", with the instant itself for who asks (`title`, and `dateTime` for programs). */
export function Age({ ts }: AgeProps): ReactNode {
  const now = useNow(SECOND);
  const zone = useZone();
  return (
    <time dateTime={new Date(ts).toISOString()} title={fmt.time(ts, zone, "second")}>
      {fmt.age(Math.max(0, now - ts))}
    </time>
  );
}
