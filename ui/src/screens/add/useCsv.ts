/** A CSV file from being dropped to being stored. */
import { useEffect, useRef, useState } from "react";
import { t } from "../../i18n";
import { guess, type Mapping, type RowFault } from "./mapping";
import { preview as readPreview, type Preview, type Said } from "./preview";
import { send, type Progress } from "./send";
import { myZone } from "../../time/zone";

export interface Csv {
  readonly file: File | null;
  readonly preview: Preview | null;
  readonly mapping: Mapping | null;
  /** `stopped`: while it was being sent, by somebody or by a problem. */
  readonly stage: "choose" | "map" | "judging" | "judged" | "sending" | "sent" | "stopped";
  readonly progress: Progress | null;
  readonly problem: unknown;
  open(file: File): void;
  /** Read the same file as it is said to be written. */
  reread(said: Said): void;
  map(mapping: Mapping): void;
  judge(): void;
  send(): void;
  stop(): void;
  reset(): void;
}

export function useCsv(): Csv {
  const [file, setFile] = useState<File | null>(null);
  const [preview, setPreview] = useState<Preview | null>(null);
  const [mapping, setMapping] = useState<Mapping | null>(null);
  const [stage, setStage] = useState<Csv["stage"]>("choose");
  const [progress, setProgress] = useState<Progress | null>(null);
  const [problem, setProblem] = useState<unknown>(undefined);
  const running = useRef<AbortController | null>(null);
  // Nothing goes on being sent that nobody sees any more.
  useEffect(() => () => running.current?.abort(), []);

  async function run(dryRun: boolean): Promise<void> {
    if (!file || !preview || !mapping) return;
    const stop = (running.current = new AbortController());
    setStage(dryRun ? "judging" : "sending");
    setProblem(undefined);
    setProgress(null);
    try {
      const say = (code: string, cell: string) => t(`add.fault.${code as RowFault}`, { cell });
      setProgress(await send(file, preview, mapping, { dryRun, signal: stop.signal, onProgress: setProgress, say }));
      setStage(dryRun ? "judged" : "sent");
    } catch (error) {
      setStage(dryRun ? "map" : "stopped");
      if (dryRun) setProgress(null);
      if (!stop.signal.aborted) setProblem(error);
    }
  }

  function look(next: File, said: Said = {}): void {
    setProblem(undefined);
    setProgress(null);
    readPreview(next, said).then(
      (read) => {
        setFile(next);
        setPreview(read);
        setMapping(guess(read, next.name, myZone()));
        setStage("map");
      },
      (error: unknown) => setProblem(error),
    );
  }

  return {
    file,
    preview,
    mapping,
    stage,
    progress,
    problem,
    open: look,
    reread: (said) => {
      if (!file || !preview) return;
      const { delimiter, encoding, hasHeader } = preview;
      look(file, { delimiter, encoding, hasHeader, ...said });
    },
    map: (next) => {
      setMapping(next);
      setProgress(null);
      setStage("map");
    },
    judge: () => void run(true),
    send: () => void run(false),
    stop: () => running.current?.abort(),
    reset: () => {
      running.current?.abort();
      setFile(null);
      setPreview(null);
      setMapping(null);
      setProgress(null);
      setProblem(undefined);
      setStage("choose");
    },
  };
}
