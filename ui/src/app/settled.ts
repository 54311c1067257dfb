import type { QueryClient } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";

/** What came is rendered, and may ask for more. */
const QUIET_MS = 150;

/** Says on <html> whether anything is still loading, for whoever takes a picture or tests: `data-settled="true"`. */
export function reportSettled(client: QueryClient, router: AnyRouter): void {
  const root = document.documentElement;
  let due: ReturnType<typeof setTimeout> | undefined;
  const report = () => {
    const queries = client.getQueryCache().getAll();
    const loading = queries.some(({ state }) => state.fetchStatus === "fetching" && state.data === undefined && state.error === null);
    root.dataset["settled"] = "false";
    clearTimeout(due);
    if (loading || queries.length === 0 || router.state.status === "pending") return;
    due = setTimeout(() => {
      root.dataset["settled"] = "true";
    }, QUIET_MS);
  };
  client.getQueryCache().subscribe((event) => {
    if (event.type === "added" || event.type === "updated") report();
  });
  router.subscribe("onBeforeLoad", report);
  router.subscribe("onResolved", report);
  report();
}
