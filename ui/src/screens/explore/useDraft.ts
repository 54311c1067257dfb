import { useState } from "react";

/**
 * What is being edited: it begins as `given`, and is that again once `mark`, which stands for `given`, changes from outside
 * (Back, a link). The fields stay where they are meanwhile, and with them the focus.
 */
export function useDraft<T>(given: T, mark: string): [T, (change: T | ((before: T) => T)) => void] {
  const [kept, keep] = useState({ mark, draft: given });
  const current = kept.mark === mark ? kept : { mark, draft: given };
  if (current !== kept) keep(current);
  const set = (change: T | ((before: T) => T)) =>
    keep((before) => ({ mark, draft: typeof change === "function" ? (change as (before: T) => T)(before.draft) : change }));
  return [current.draft, set];
}
