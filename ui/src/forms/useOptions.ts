/** The options of a combo box: filtered here, or asked for while somebody types. */
import { useEffect, useMemo, useState } from "react";
import type { Option } from "./choose";
import { matching } from "./matching";

/** Asks for the options that fit a text. A newer text aborts the signal. */
export type LoadOptions = (text: string, signal: AbortSignal) => Promise<readonly Option[]>;

/** How long nobody must have typed before the platform is asked. */
const PAUSE_MS = 150;

export interface Options {
  readonly shown: readonly Option[];
  readonly text: string;
  /** Whether the text was typed, and so is a search and not what was chosen. */
  readonly isTyped: boolean;
  readonly setText: (text: string) => void;
  /** Writes the label of what was chosen into the field. */
  readonly choose: (value: string) => void;
  /** Takes back what was typed and not chosen. */
  readonly reset: () => void;
  readonly state: "ready" | "loading" | "failed";
}

export function useOptions(source: readonly Option[] | LoadOptions, value: string | null): Options {
  const known = typeof source === "function" ? undefined : source;
  const [found, setFound] = useState<readonly Option[]>([]);
  const labelOf = (wanted: string | null) => (known ?? found).find((option) => option.value === wanted)?.label ?? wanted ?? "";
  const [chosen, setChosen] = useState(() => ({ value, label: labelOf(value) }));
  const [text, setText] = useState(chosen.label);
  const [isTyped, setTyped] = useState(false);
  const [state, setState] = useState<Options["state"]>("ready");

  if (chosen.value !== value) {
    // Chosen here or set from outside: the field says what the value is. What is just being typed stays as it is.
    const label = isTyped && value === text ? text : labelOf(value);
    setChosen({ value, label });
    if (label !== text) {
      setText(label);
      setTyped(false);
    }
  }

  useEffect(() => {
    if (typeof source !== "function") return;
    const stop = new AbortController();
    setState("loading");
    const timer = setTimeout(() => {
      source(text, stop.signal).then(
        (options) => {
          if (stop.signal.aborted) return;
          setFound(options);
          setState("ready");
        },
        () => {
          if (!stop.signal.aborted) setState("failed");
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [source, text]);

  const shown = useMemo(() => {
    if (known === undefined) return found;
    // The text of what is chosen already is not a search: the list then shows everything.
    return isTyped ? matching(known, text) : known;
  }, [known, found, text, isTyped]);
  const settle = (label: string) => {
    setText(label);
    setTyped(false);
  };
  return {
    shown,
    text,
    isTyped,
    setText: (next) => {
      setText(next);
      setTyped(next !== text || isTyped);
    },
    choose: (wanted) => settle(labelOf(wanted)),
    reset: () => settle(chosen.label),
    state,
  };
}
