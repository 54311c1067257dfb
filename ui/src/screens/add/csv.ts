/** CSV (RFC 4180) piece by piece, so that a file of any size never lies in memory as a whole. */

const CANDIDATES = [",", ";", "\t", "|"] as const;
export type Delimiter = (typeof CANDIDATES)[number];

/** What separates cells: the candidate that the header has most of, outside quotes. */
export function delimiterOf(start: string): Delimiter {
  const header = (start.split(/\r?\n/, 1)[0] ?? "").replace(/"[^"]*"/g, "");
  const most = (found: Delimiter, one: Delimiter) => (header.split(one).length > header.split(found).length ? one : found);
  return CANDIDATES.reduce<Delimiter>(most, ",");
}

/** Takes text in pieces and gives the records that are complete. Blank lines are no records. */
export class CsvReader {
  #rest = "";

  constructor(private readonly delimiter: Delimiter) {}

  push(text: string): string[][] {
    const all = this.#rest + text;
    const end = lastBreak(all);
    this.#rest = all.slice(end);
    return parse(all.slice(0, end), this.delimiter);
  }

  end(): string[][] {
    const rest = this.#rest;
    this.#rest = "";
    return parse(rest, this.delimiter);
  }
}

/** The place behind the last line break that is not inside quotes. */
function lastBreak(text: string): number {
  if (!text.includes('"')) return text.lastIndexOf("\n") + 1;
  let quoted = false;
  let end = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) quoted = !quoted;
    else if (code === 10 && !quoted) end = i + 1;
  }
  return end;
}

function parse(text: string, delimiter: Delimiter): string[][] {
  if (text === "") return [];
  if (!text.includes('"')) return plain(text, delimiter);
  const records: string[][] = [];
  let record: string[] = [];
  let cell = "";
  let quoted = false;
  const close = () => {
    record.push(cell);
    cell = "";
    if (record.length > 1 || record[0] !== "") records.push(record);
    record = [];
  };
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]!;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === delimiter) {
      record.push(cell);
      cell = "";
    } else if (letter === "\n") close();
    else if (letter !== "\r") cell += letter;
  }
  if (cell !== "" || record.length > 0) close();
  return records;
}

/** Without quotes a record is a line. */
function plain(text: string, delimiter: Delimiter): string[][] {
  const records: string[][] = [];
  for (const line of text.split("\n")) {
    const bare = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (bare !== "") records.push(bare.split(delimiter));
  }
  return records;
}

/** Every record of a file, some at a time. Text that is no UTF-8 throws TypeError. */
export async function* recordsOf(file: Blob, delimiter: Delimiter, signal?: AbortSignal): AsyncGenerator<{ records: string[][]; bytes: number }> {
  const reader = file.stream().getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const csv = new CsvReader(delimiter);
  let bytes = 0;
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      yield { records: csv.push(decoder.decode(value, { stream: true })), bytes };
    }
    yield { records: [...csv.push(decoder.decode()), ...csv.end()], bytes };
  } finally {
    await reader.cancel();
  }
}

const PREVIEW_BYTES = 512 * 1024;
const PREVIEW_ROWS = 1_000;

export interface Preview {
  readonly delimiter: Delimiter;
  readonly header: readonly string[];
  readonly rows: readonly string[][];
}

/** The header and the first rows, 1,000 at most. */
export async function preview(file: Blob): Promise<Preview> {
  const text = await file.slice(0, PREVIEW_BYTES).text();
  const start = text.replace(/^\uFEFF/, "");
  const delimiter = delimiterOf(start);
  const csv = new CsvReader(delimiter);
  const records = csv.push(start);
  // The last line of a small file may have no line break; that of a large one is cut off.
  if (file.size <= PREVIEW_BYTES) records.push(...csv.end());
  const [header = [], ...rows] = records;
  return { delimiter, header: header.map((name) => name.trim()), rows: rows.slice(0, PREVIEW_ROWS) };
}
