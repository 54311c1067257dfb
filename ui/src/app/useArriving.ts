import { useEffect, useState } from "react";

const LASTS_MS = 3_000;

/** Whether the screen at `path` was opened just now: what stands below a skeleton waits for its answer meanwhile (`base.css`). */
export function useArriving(path: string): boolean {
  const [settled, setSettled] = useState<string>();
  useEffect(() => {
    const due = setTimeout(() => setSettled(path), LASTS_MS);
    return () => clearTimeout(due);
  }, [path]);
  return settled !== path;
}
