import { QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";

const TRIES = 2;

export const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // Somebody else's 401 means that the session is over: who is asking is asked again, and the shell shows the sign-in page.
      if (error instanceof Problem && error.status === 401 && query.queryKey[0] !== "me") void client.resetQueries({ queryKey: ["me"] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      gcTime: 300_000,
      networkMode: "always",
      refetchOnWindowFocus: true,
      // 429 and 503 say when to come back, and the panel counts down: asking at once would make it worse.
      retry: (failures, error) => failures < TRIES && error instanceof Problem && error.passing && !error.retryAfterMs && navigator.onLine,
      retryDelay: (failures) => 300 * 2 ** failures * (0.5 + Math.random()),
    },
    mutations: { networkMode: "always" },
  },
});
