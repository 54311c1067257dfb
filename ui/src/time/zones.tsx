/** Whose clock times are shown by: the site's, the reader's, UTC, or any zone that a link names. */
import { createContext, useContext, type ReactNode } from "react";
import { myZone } from "./zone";

const Site = createContext<string | undefined>(undefined);

export type ZoneChoice = "site" | "mine" | "utc";

export interface Zones {
  /** The zone of the site that the screen is about; undefined where there is none. */
  readonly site: string | undefined;
  readonly mine: string;
}

/** Everything below shows the times of one site. */
export function SiteZone({ zone, children }: { zone: string | undefined; children: ReactNode }): ReactNode {
  return <Site value={zone}>{children}</Site>;
}

export function useZones(): Zones {
  return { site: useContext(Site), mine: myZone() };
}

/** The IANA zone of a choice (`site`, `mine`, `utc`, a zone's name). The site's clock comes first where there is a site. */
export function zoneOf(choice: string | undefined, zones: Zones): string {
  switch (choice) {
    case "utc":
      return "UTC";
    case "mine":
      return zones.mine;
    case undefined:
    case "site":
      return zones.site ?? zones.mine;
    default:
      return choice;
  }
}
