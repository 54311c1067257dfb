/** Dead letters: listed, read whole, replayed or given up. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, unwrap, type JsonOf } from "../../api/client";
import { every } from "../../api/every";

type Page = JsonOf<"/v1/dead-letters">;
export type Letter = Page["data"][number];
export type WholeLetter = JsonOf<"/v1/dead-letters/{letter}">;
export type LetterState = "open" | "replayed" | "discarded";

const KEY = ["system", "letters"] as const;
const PAGE = 100;
const REFRESH_MS = 10_000;

/** Letters of a state (null: of all), newest first, page by page. */
export function useLetters(state: LetterState | null) {
  return useInfiniteQuery({
    queryKey: [...KEY, state],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: PAGE, ...(state === null ? {} : { state }), ...(pageParam === null ? {} : { cursor: pageParam }) };
      return (await unwrap(api.GET("/v1/dead-letters", { params: { query }, signal }))) as Page;
    },
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: every(REFRESH_MS),
  });
}

export function useLetter(id: string) {
  return useQuery({
    queryKey: ["system", "letter", id],
    queryFn: ({ signal }) => unwrap(api.GET("/v1/dead-letters/{letter}", { params: { path: { letter: id } }, signal })),
    // While somebody mends it, it must not change under the hands.
    staleTime: Infinity,
  });
}

export interface Settled {
  readonly state: string;
  readonly accepted: number | null;
  readonly receipt: string;
}

export type Settling = { readonly kind: "replay"; readonly mended: string | null } | { readonly kind: "discard"; readonly reason: string };

/** Replays a letter as it is or as it was mended, or gives it up. Throws `Problem`, with the rows that are still refused. */
export function useSettle(letter: WholeLetter | undefined) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (settling: Settling): Promise<Settled> => {
      const params = { path: { letter: letter?.id ?? "" } };
      if (settling.kind === "discard") {
        const { state, receipt } = await unwrap(api.POST("/v1/dead-letters/{letter}/discard", { params, body: { reason: settling.reason } }));
        return { state: state ?? "", accepted: null, receipt: receipt ?? "" };
      }
      const answer = await unwrap(api.POST("/v1/dead-letters/{letter}/replay", { params, ...bodyOf(settling.mended) }));
      return { state: answer.state ?? "", accepted: answer.accepted ?? null, receipt: answer.receipt ?? "" };
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: KEY }),
  });
}

/** Rows as text: an array is JSON, anything else one object per line. */
function bodyOf(mended: string | null) {
  if (mended === null) return {};
  const type = isJson(mended) ? "application/json" : "application/x-ndjson";
  return { body: mended, bodySerializer: (body: unknown) => String(body), headers: { "content-type": type } };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // several lines of JSON are not JSON; what is neither, the platform refuses with the line's number
  }
}
