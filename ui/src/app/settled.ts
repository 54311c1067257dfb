import type { QueryClient } from "@tanstack/react-query";
import type { AnyRouter } from "@tanstack/react-router";

/** Says on <html> whether anything is still loading, for whoever takes a picture or tests: `data-settled="true"`. */
export function reportSettled(client: QueryClient, router: AnyRouter): void {
  const root = document.documentElement;
  let due = 0;
  const report = () => {
    const busy = client.isFetching({ predicate: (query) => query.state.data === undefined && query.state.error === null }) > 0;
    root.dataset["settled"] = "false";
    cancelAnimationFrame(due);
    if (busy || router.state.status === "pending") return;
    // Two frames: what came is rendered in the first, and may ask for more.
    due = requestAnimationFrame(() => {
      due = requestAnimationFrame(() => {
        root.dataset["settled"] = "true";
      });
    });
  };
  client.getQueryCache().subscribe((event) => {
    if (event.type === "added" || event.type === "updated") report();
  });
  router.subscribe("onResolved", report);
  report();
}
