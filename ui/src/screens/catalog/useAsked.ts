/** A question in a dialog that work waits for. */
import { useCallback, useRef, useState } from "react";

export interface Asked<T> {
  /** What is asked about while the dialog is open. */
  readonly about: T | null;
  /** Opens the dialog; true once it was answered with yes. */
  ask(about: T): Promise<boolean>;
  answer(yes: boolean): void;
}

export function useAsked<T>(): Asked<T> {
  const [about, setAbout] = useState<T | null>(null);
  const waiting = useRef<((yes: boolean) => void) | null>(null);
  const answer = useCallback((yes: boolean) => {
    waiting.current?.(yes);
    waiting.current = null;
    setAbout(null);
  }, []);
  const ask = useCallback((next: T) => {
    setAbout(next);
    return new Promise<boolean>((resolve) => {
      waiting.current = resolve;
    });
  }, []);
  return { about, ask, answer };
}
