/** The zone whose clock this screen shows, for parts that show times but do not depend on the range. */
import { asText } from "../url/text";
import { useSearchParams } from "../url/useSearchParams";
import { useZones, zoneOf } from "./zones";

/** IANA name, by `tz` in the URL and the site that the screen is about. */
export function useZone(): string {
  const [search] = useSearchParams();
  return zoneOf(asText(search["tz"]), useZones());
}
