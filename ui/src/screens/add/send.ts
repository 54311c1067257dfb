/** A file's records on their way to the platform: judged, in batches, with every verdict. */
import { api, unwrap } from "../../api/client";
import { Problem } from "../../api/problem";
import { recordsOf } from "./csv";
import { rowMaker, type Mapping } from "./mapping";
import type { Preview } from "./preview";

const BATCH_ROWS = 5_000;
const BATCH_CHARS = 2_000_000;
/** Faults that are kept for the file of rejects; more are counted. */
const MOST_FAULTS = 10_000;
/** Sensors that are told apart; where more seem to be in a file, another column names them. */
const MOST_SENSORS = 100_000;
const TRIES = 5;
const PAUSE_MS = 1_000;
/** How long the answer to what is on its way is waited for once somebody stops: what was taken is to be told of. */
const GRACE_MS = 2_000;

export interface Fault {
  /** The line of the file that the record begins in, from 1. */
  readonly line: number;
  readonly code: string;
  readonly detail: string;
  readonly cells: readonly string[];
}

export interface Progress {
  readonly bytes: number;
  readonly records: number;
  /** Rows that are good by all that is known here, or, once sent, by what the platform says. */
  readonly good: number;
  readonly refused: number;
  readonly faults: readonly Fault[];
  /** null: more than can be counted here. */
  readonly sensors: number | null;
  readonly from: number | null;
  readonly to: number | null;
}

interface Verdicts {
  readonly accepted?: number;
  readonly rejected?: readonly { row: number; code: string; detail: string }[];
  readonly rejected_total?: number;
}

/** What a whole batch was told: when no row of it is good the answer is a problem, with a verdict for each row. */
function verdictsOf(problem: Problem, sent: number): Verdicts | null {
  const rows = problem.errors as readonly { row?: number; code?: string; detail: string }[];
  if (problem.status !== 400 || !rows.some(({ row }) => typeof row === "number")) return null;
  const rejected = rows.flatMap(({ row, code, detail }) => (typeof row === "number" ? [{ row, code: code ?? problem.code, detail }] : []));
  return { accepted: 0, rejected, rejected_total: sent };
}

const wait = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });

/** Aborted a while after `signal`. */
function later(signal: AbortSignal): AbortSignal {
  const late = new AbortController();
  signal.addEventListener("abort", () => setTimeout(() => late.abort(signal.reason), GRACE_MS));
  return late.signal;
}

/**
 * One batch; what passes by itself is tried again, and the key makes a repetition harmless. Nothing is sent once `signal` is aborted, and
 * what is on its way ends with `late`. Throws `Problem`.
 */
async function post(lines: readonly string[], key: string, signal: AbortSignal, late: AbortSignal): Promise<Verdicts> {
  for (let tried = 1; ; tried++) {
    signal.throwIfAborted();
    try {
      return (await unwrap(
        api.POST("/v1/readings", {
          body: lines.join("\n") as never,
          bodySerializer: (body) => body as unknown as string,
          headers: { "content-type": "application/x-ndjson", "idempotency-key": key, "x-penstock-source": "csv" },
          signal: late,
        }),
      )) as Verdicts;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const verdicts = verdictsOf(error, lines.length);
      if (verdicts) return verdicts;
      if (!error.passing || tried === TRIES) throw error;
      await wait(error.retryAfterMs ?? PAUSE_MS * tried, signal);
    }
  }
}

class Batch {
  readonly lines: string[] = [];
  readonly at: { line: number; cells: readonly string[] }[] = [];
  chars = 0;

  add(text: string, line: number, cells: readonly string[]): void {
    this.lines.push(text);
    this.at.push({ line, cells });
    this.chars += text.length;
  }

  get isFull(): boolean {
    return this.lines.length >= BATCH_ROWS || this.chars >= BATCH_CHARS;
  }
}

class Tally {
  bytes = 0;
  records = 0;
  good = 0;
  refused = 0;
  from: number | null = null;
  to: number | null = null;
  readonly faults: Fault[] = [];
  readonly sensors = new Set<string>();

  refuse(fault: Fault): void {
    this.refused++;
    // Copied letter by letter: a part of a text may hold on to the whole piece of the file that it was cut from.
    if (this.faults.length < MOST_FAULTS) this.faults.push(JSON.parse(JSON.stringify(fault)) as Fault);
  }

  see(ts: number, sensor: string): void {
    this.from = this.from === null ? ts : Math.min(this.from, ts);
    this.to = this.to === null ? ts : Math.max(this.to, ts);
    if (this.sensors.size <= MOST_SENSORS) this.sensors.add(sensor);
  }

  get progress(): Progress {
    const { bytes, records, good, refused, from, to } = this;
    return { bytes, records, good, refused, from, to, faults: [...this.faults], sensors: this.sensors.size > MOST_SENSORS ? null : this.sensors.size };
  }
}

export interface Options {
  /** Only judge; nothing is sent. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** What a fault that was found here is called. */
  readonly say: (code: string, cell: string) => string;
}

const TOLD_EVERY_MS = 200;

/**
 * Read the file through, and send it unless it is only judged. Throws `Problem` and `CsvFault`, after `onProgress` was told how far it came.
 */
export async function send(file: File, preview: Pick<Preview, "delimiter" | "encoding" | "hasHeader">, mapping: Mapping, options: Options): Promise<Progress> {
  const tally = new Tally();
  try {
    await run(file, preview, mapping, options, tally);
  } catch (error) {
    options.onProgress(tally.progress);
    throw error;
  }
  return tally.progress;
}

async function run(
  file: File,
  preview: Pick<Preview, "delimiter" | "encoding" | "hasHeader">,
  mapping: Mapping,
  { dryRun, signal, onProgress, say }: Options,
  tally: Tally,
): Promise<void> {
  const make = rowMaker(mapping);
  const id = crypto.randomUUID();
  const late = later(signal);
  let batches = 0;
  let told = 0;
  let batch = new Batch();
  const flush = async () => {
    const sent = batch;
    batch = new Batch();
    if (sent.lines.length === 0) return;
    const { rejected = [], rejected_total = rejected.length } = await post(sent.lines, `${id}-${batches++}`, signal, late);
    tally.good += sent.lines.length - rejected_total;
    // The platform lists the first thousand of a batch and counts the others.
    tally.refused += rejected_total - rejected.length;
    for (const { row, code, detail } of rejected) tally.refuse({ code, detail, ...sent.at[row]! });
  };
  for await (const { records, bytes } of recordsOf(file, preview, signal)) {
    for (const { cells, line } of records) {
      if (tally.records++ === 0 && preview.hasHeader) continue;
      const made = make(cells);
      if ("fault" in made) {
        tally.refuse({ line, code: made.fault, detail: say(made.fault, made.cell), cells });
        continue;
      }
      tally.see(made.ts, made.sensor);
      if (dryRun) tally.good++;
      else batch.add(JSON.stringify(made.row), line, cells);
      if (batch.isFull) await flush();
    }
    tally.bytes = bytes;
    if (performance.now() - told > TOLD_EVERY_MS) {
      told = performance.now();
      onProgress(tally.progress);
      // A page that is read from a fast disk would otherwise never paint.
      await new Promise((next) => setTimeout(next));
    }
  }
  await flush();
}
