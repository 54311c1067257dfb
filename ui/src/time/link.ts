/** Links that show somebody else what is shown here. */
import { printBound, type Span } from "./range";

/** The address with absolute times and the zone's own name, so that it means the same to everybody and tomorrow. */
export function permalink(href: string, span: Span, zone: string): string {
  const url = new URL(href);
  url.searchParams.set("from", printBound({ kind: "at", ms: span.from }));
  url.searchParams.set("to", printBound({ kind: "at", ms: span.to }));
  url.searchParams.set("tz", zone === "UTC" ? "utc" : zone);
  url.searchParams.delete("live");
  return url.toString();
}
