/** The one way in which shared parts keep their state in the URL. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { plain } from "./text";

/** New values by parameter; undefined takes the parameter out. */
export type SearchChange = Readonly<Record<string, string | boolean | undefined>>;

export interface SetSearchOptions {
  /** Takes the place of the current history entry: for what changes while somebody types. */
  readonly replace?: boolean;
}

/** The raw parameters of the current URL, and how to change some of them without touching the others. */
export function useSearchParams(): [
  Readonly<Record<string, unknown>>,
  (change: SearchChange, options?: SetSearchOptions) => void,
] {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (wanted: SearchChange, { replace = false }: SetSearchOptions = {}) => {
      void navigate({
        to: ".",
        replace,
        resetScroll: false,
        search: (before: Record<string, unknown>) => {
          const after: Record<string, unknown> = { ...before };
          for (const [name, value] of Object.entries(wanted)) {
            if (value === undefined) delete after[name];
            else after[name] = typeof value === "string" ? plain(value) : value;
          }
          return after;
        },
      });
    },
    [navigate],
  );
  return [search, change];
}
