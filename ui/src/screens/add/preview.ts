/** How a CSV file is written, and its first records: what somebody sees before anything of it is sent. */
import { encodingOf } from "../../text/decode";
import { CsvFault, CsvReader, DELIMITERS, type CsvRecord, type Delimiter, type Form } from "./csv";
import { isNumber } from "./numbers";
import { timeFormOf } from "./times";

const PREVIEW_BYTES = 512 * 1024;
const PREVIEW_ROWS = 1_000;
const LOOKED_AT = 20;

export interface Preview extends Form {
  /** Whether the first record names the columns; else they are numbered, and it is data. */
  readonly hasHeader: boolean;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What somebody says of a file; the rest is recognised. */
export type Said = Partial<Pick<Preview, "delimiter" | "encoding" | "hasHeader">>;

/** The first 1,000 rows and how they are written. Throws `CsvFault`. */
export async function preview(file: Blob, said: Said = {}): Promise<Preview> {
  const bytes = new Uint8Array(await file.slice(0, PREVIEW_BYTES).arrayBuffer());
  const encoding = said.encoding ?? encodingOf(bytes);
  const isWhole = file.size <= PREVIEW_BYTES;
  const text = new TextDecoder(encoding).decode(bytes, { stream: !isWhole });
  const delimiter = said.delimiter ?? delimiterOf(text);
  const csv = new CsvReader(delimiter);
  const records = csv.push(text);
  // The last line of a small file may have no line break; that of a large one is cut off.
  if (isWhole) records.push(...csv.end());
  const [first, ...rest] = records.map(({ cells }) => cells);
  if (first === undefined) throw new CsvFault("empty", 1);
  const hasHeader = said.hasHeader ?? !isData(first);
  const header = hasHeader ? first.map((name) => name.trim()) : first.map(() => "");
  return { delimiter, encoding, hasHeader, header, rows: (hasHeader ? rest : [first, ...rest]).slice(0, PREVIEW_ROWS) };
}

/** Names of columns are no numbers and no times. */
function isData(cells: readonly string[]): boolean {
  return cells.some((cell) => isNumber(cell) || timeFormOf([cell]) !== undefined);
}

/** What separates cells: what gives the first records most of equally many. */
export function delimiterOf(start: string): Delimiter {
  let best: { delimiter: Delimiter; even: number; cells: number } = { delimiter: ",", even: 0, cells: 1 };
  for (const delimiter of DELIMITERS) {
    const counts = firstOf(start, delimiter).map(({ cells }) => cells.length);
    const cells = counts[0] ?? 1;
    const even = counts.filter((count) => count === cells).length / (counts.length || 1);
    if (cells > 1 && (even > best.even || (even === best.even && cells > best.cells))) best = { delimiter, even, cells };
  }
  return best.delimiter;
}

function firstOf(start: string, delimiter: Delimiter): CsvRecord[] {
  const records: CsvRecord[] = [];
  const csv = new CsvReader(delimiter);
  const lines = start.split("\n", LOOKED_AT + 1);
  try {
    // Without the last one, which may be cut off; unless it is the only one.
    for (const line of lines.slice(0, Math.max(1, lines.length - 1))) records.push(...csv.push(`${line}\n`));
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error;
  }
  return records;
}
