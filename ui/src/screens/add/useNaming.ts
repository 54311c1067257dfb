/** How the first series is to be called, in the URL, so that a link shows the same commands. */
import { useSearchParams } from "../../url/useSearchParams";
import { asText } from "../../url/text";
import { usualUnit } from "./units";

const USUAL = { site: "my-site", sensor: "my-sensor", metric: "temperature" } as const;

export interface SeriesNaming {
  readonly site: string;
  readonly sensor: string;
  readonly metric: string;
  readonly unit: string;
  readonly tab: string;
  set(change: Partial<Record<"site" | "sensor" | "metric" | "unit" | "tab", string>>): void;
}

export function useNaming(): SeriesNaming {
  const [search, change] = useSearchParams();
  const text = (name: keyof typeof USUAL) => asText(search[name])?.trim() || USUAL[name];
  const metric = text("metric");
  return {
    site: text("site"),
    sensor: text("sensor"),
    metric,
    // Until somebody chooses one, the unit follows the metric.
    unit: asText(search["unit"]) ?? usualUnit(metric),
    tab: asText(search["tab"]) ?? "curl",
    set: (wanted) => change(wanted.metric === undefined ? wanted : { ...wanted, unit: undefined }, { replace: true }),
  };
}
