/** Which of its states a panel is in. */

/** `old`: data that could not be renewed. `offline` and `error`: there is nothing to show, and why. */
export type PanelView = "loading" | "data" | "old" | "error" | "offline";

export function panelView(of: { hasData: boolean; hasError: boolean; online: boolean }): PanelView {
  if (of.hasData) return of.hasError || !of.online ? "old" : "data";
  if (!of.online) return "offline";
  return of.hasError ? "error" : "loading";
}
