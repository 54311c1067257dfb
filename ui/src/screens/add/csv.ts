/** CSV (RFC 4180) piece by piece, so that a file of any size never lies in memory as a whole. */
import { t } from "../../i18n";
import type { Encoding } from "../../text/decode";

/** The likeliest first, where a file would fit several. */
export const DELIMITERS = ["\t", ";", "|", ","] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** Characters of one record: more are no record but a quote that is never closed, or no CSV at all. */
export const LONGEST = 256 * 1024;

export type CsvFaultKind = "openQuote" | "tooLong" | "empty" | "encoding";

/** Why a file cannot be read on. `line` is where the faulty record begins, from 1. */
export class CsvFault extends Error {
  constructor(
    readonly kind: CsvFaultKind,
    readonly line: number,
  ) {
    super(t(`add.csv.${kind}`, { line, most: LONGEST / 1024 }));
    this.name = "CsvFault";
  }
}

export interface CsvRecord {
  readonly cells: readonly string[];
  /** The line that it begins in, from 1. */
  readonly line: number;
}

const QUOTE = '"';

/**
 * Takes text in pieces and gives the records that are complete; what is kept between them is one record at most. Blank lines are no records.
 * A quote within a cell that does not begin with one is a letter like any other. Throws `CsvFault`.
 */
export class CsvReader {
  #cells: string[] = [];
  #cell = "";
  #line = 1;
  #first = 1;
  #length = 0;
  #quoted = false;
  /** A quote inside a quoted cell: its end, unless another one follows. */
  #maybeEnd = false;

  constructor(private readonly delimiter: Delimiter) {}

  push(text: string): CsvRecord[] {
    const records: CsvRecord[] = [];
    let at = 0;
    while (at < text.length) {
      if (this.#maybeEnd) {
        this.#maybeEnd = false;
        if (text[at] === QUOTE) {
          this.#cell += QUOTE;
          at++;
        } else this.#quoted = false;
      }
      at = this.#quoted ? this.#insideQuotes(text, at) : this.#outsideQuotes(text, at, records);
    }
    return records;
  }

  end(): CsvRecord[] {
    if (this.#quoted && !this.#maybeEnd) throw new CsvFault("openQuote", this.#first);
    const records: CsvRecord[] = [];
    if (this.#cell !== "" || this.#cells.length > 0) this.#close(records);
    return records;
  }

  /** Reads up to the next quote, or to the end of the piece. */
  #insideQuotes(text: string, at: number): number {
    const found = text.indexOf(QUOTE, at);
    const end = found < 0 ? text.length : found;
    const part = text.slice(at, end);
    for (let i = part.indexOf("\n"); i >= 0; i = part.indexOf("\n", i + 1)) this.#line++;
    this.#take(part);
    if (found < 0) return end;
    this.#maybeEnd = true;
    return found + 1;
  }

  /** Reads to the end of the cell or record; whole lines without a quote are split at once. */
  #outsideQuotes(text: string, at: number, records: CsvRecord[]): number {
    const line = text.indexOf("\n", at);
    const end = line < 0 ? text.length : line;
    const rest = text.slice(at, end);
    if (line >= 0 && this.#cell === "" && this.#cells.length === 0 && !rest.includes(QUOTE)) {
      if (rest.length > LONGEST) throw new CsvFault("tooLong", this.#line);
      const bare = rest.endsWith("\r") ? rest.slice(0, -1) : rest;
      if (bare !== "") records.push({ cells: bare.split(this.delimiter), line: this.#line });
      this.#first = ++this.#line;
      return line + 1;
    }
    for (let i = at; i < end; i++) {
      const letter = text[i]!;
      if (letter === this.delimiter) {
        this.#take(text.slice(at, i));
        this.#cells.push(this.#cell);
        this.#cell = "";
        return i + 1;
      }
      if (letter === QUOTE && i === at && this.#cell === "") {
        this.#quoted = true;
        return i + 1;
      }
    }
    this.#take(text.slice(at, end));
    if (line < 0) return end;
    this.#close(records);
    return line + 1;
  }

  #take(part: string): void {
    this.#length += part.length;
    if (this.#length > LONGEST) throw new CsvFault(this.#quoted ? "openQuote" : "tooLong", this.#first);
    this.#cell += part;
  }

  #close(records: CsvRecord[]): void {
    this.#cells.push(this.#cell.endsWith("\r") ? this.#cell.slice(0, -1) : this.#cell);
    if (this.#cells.length > 1 || this.#cells[0] !== "") records.push({ cells: this.#cells, line: this.#first });
    this.#cells = [];
    this.#cell = "";
    this.#length = 0;
    this.#first = ++this.#line;
  }
}

/** How a file is written. */
export interface Form {
  readonly delimiter: Delimiter;
  readonly encoding: Encoding;
}

/** Every record of a file, some at a time, with how many bytes are read. Throws `CsvFault`. */
export async function* recordsOf(file: Blob, { delimiter, encoding }: Form, signal?: AbortSignal): AsyncGenerator<{ records: CsvRecord[]; bytes: number }> {
  const reader = file.stream().getReader();
  const decoder = new TextDecoder(encoding, { fatal: true });
  const csv = new CsvReader(delimiter);
  let [bytes, lines] = [0, 1];
  const text = (value?: Uint8Array): string => {
    try {
      return value === undefined ? decoder.decode() : decoder.decode(value, { stream: true });
    } catch {
      throw new CsvFault("encoding", lines);
    }
  };
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.byteLength;
      const records = csv.push(text(value));
      lines = records.at(-1)?.line ?? lines;
      yield { records, bytes };
    }
    yield { records: [...csv.push(text()), ...csv.end()], bytes };
  } finally {
    await reader.cancel();
  }
}
