/** The newest values as they come, in place of those of an answer that is some seconds old. */
import { useMemo } from "react";
import { board, part, useLive } from "../../live";
import { SECOND, useNow } from "../../time";
import type { AssetColumns } from "./ask";
import { renewed } from "./renewed";

const METRICS = ["soc", "*power*", "temperature"];

/** The columns with value and time of what came since, at most once a second; of one site, or of all without it. */
export function useLiveColumns(columns: AssetColumns, site: string | undefined): AssetColumns {
  useLive(METRICS.map((metric) => `${site === undefined ? "*" : part(site)}/*/${metric}`));
  const now = useNow(SECOND);
  return useMemo(() => (now > 0 ? renewed(columns, (key) => board.reading(key)) : columns), [columns, now]);
}
