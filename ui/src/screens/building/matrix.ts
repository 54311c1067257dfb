import type { QueryAnswer } from "../../api/query";
import type { HeatRow } from "../../charts";

/** Rooms by time, as a heat map wants them. */
export interface Matrix {
  /** Where each column begins, epoch ms: every window of the range, also those in which nothing was measured. */
  times: number[];
  rows: HeatRow[];
}

/** The answer of a question by room with windows of `stepMs` as rows: one for each of `rooms`, in their order. */
export function matrixOf(answer: QueryAnswer, rooms: readonly { id: string; label: string }[], span: { from: number; to: number }, stepMs: number): Matrix {
  const first = Math.floor(span.from / stepMs) * stepMs;
  const columns = Math.max(0, Math.ceil((span.to - first) / stepMs));
  const rows = rooms.map(({ id, label }) => ({ id, label, values: new Array<number | null>(columns).fill(null) }));
  const byRoom = new Map(rows.map((row) => [row.id, row.values]));
  for (let n = 0; n < answer.rows; n++) {
    const values = byRoom.get(String(answer.columns["room"]?.[n] ?? ""));
    const column = Math.round((answer.times[n]! - first) / stepMs);
    if (values !== undefined && column >= 0 && column < columns) values[column] = (answer.columns["value"]?.[n] ?? null) as number | null;
  }
  return { times: Array.from({ length: columns }, (_, n) => first + n * stepMs), rows };
}

/** What each name of a question with one window for the whole range gave, by room. */
export function byRoom(answer: QueryAnswer): ReadonlyMap<string, Readonly<Record<string, number | null>>> {
  const found = new Map<string, Record<string, number | null>>();
  for (let n = 0; n < answer.rows; n++) {
    const room = String(answer.columns["room"]?.[n] ?? "");
    const values = found.get(room) ?? {};
    values[String(answer.columns["name"]?.[n])] = (answer.columns["value"]?.[n] ?? null) as number | null;
    found.set(room, values);
  }
  return found;
}
