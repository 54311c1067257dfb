/** A CSV file from being dropped to being stored. */
import { useRef, useState } from "react";
import { t } from "../../i18n";
import { preview as readPreview, type Preview } from "./csv";
import { guess, type Mapping, type RowFault } from "./mapping";
import { send, type Progress } from "./send";
import { myZone } from "../../time/zone";

export interface Csv {
  readonly file: File | null;
  readonly preview: Preview | null;
  readonly mapping: Mapping | null;
  readonly stage: "choose" | "map" | "judging" | "judged" | "sending" | "sent";
  readonly progress: Progress | null;
  readonly problem: unknown;
  open(file: File): void;
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
      setStage("map");
      if (!stop.signal.aborted) setProblem(error);
    }
  }

  return {
    file,
    preview,
    mapping,
    stage,
    progress,
    problem,
    open: (next) => {
      setProblem(undefined);
      setProgress(null);
      readPreview(next).then(
        (read) => {
          setFile(next);
          setPreview(read);
          setMapping(guess(read, next.name, myZone()));
          setStage("map");
        },
        (error: unknown) => setProblem(error),
      );
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
