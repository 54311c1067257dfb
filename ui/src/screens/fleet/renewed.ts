/** What came over the socket since an answer, taken into its columns. */
import { keyOf } from "../../live/messages";
import type { AssetColumns } from "./ask";

/** The columns with what `latest` knows newer; themselves where it knows nothing. An asset made of several sensors keeps what the platform said. */
export function renewed(columns: AssetColumns, latest: (key: string) => { ts: number; value: number | null } | undefined): AssetColumns {
  let value: (number | null)[] | undefined;
  let ts: (number | null)[] | undefined;
  columns.id.forEach((id, i) => {
    const metric = columns.metric[i];
    const reading = metric == null ? undefined : latest(keyOf(columns.site_id[i] ?? "", id, metric));
    if (reading === undefined || reading.ts <= (columns.ts[i] ?? 0)) return;
    (value ??= [...columns.value])[i] = reading.value;
    (ts ??= [...columns.ts])[i] = reading.ts;
  });
  return value === undefined || ts === undefined ? columns : { ...columns, value, ts };
}
