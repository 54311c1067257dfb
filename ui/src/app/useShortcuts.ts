import { useEffect } from "react";
import { useGo } from "./Go";
import { SCREENS } from "./screens";
import { currentSettings } from "./settings";

const PATIENCE = 1_200;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Ctrl-K always; `g` and a letter, and `?`, unless they are switched off (WCAG 2.1.4). */
export function useShortcuts({ palette, help }: { palette: () => void; help: () => void }): void {
  const go = useGo();
  useEffect(() => {
    let waiting = 0;
    const pressed = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        palette();
        return;
      }
      if (!currentSettings().shortcuts || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (document.querySelector("[role=dialog],[role=alertdialog],[role=menu]")) return;
      if (waiting) {
        window.clearTimeout(waiting);
        waiting = 0;
        const screen = SCREENS.find((one) => one.key === event.key);
        if (screen) go(screen.path);
      } else if (event.key === "g") waiting = window.setTimeout(() => (waiting = 0), PATIENCE);
      else if (event.key === "?") help();
    };
    document.addEventListener("keydown", pressed);
    return () => {
      window.clearTimeout(waiting);
      document.removeEventListener("keydown", pressed);
    };
  }, [go, palette, help]);
}
