import { useEffect, type RefObject } from "react";

/** While it is on, the screen covers the app: what lies behind cannot be reached, and Escape ends it. */
export function useKiosk(root: RefObject<HTMLElement | null>, isOn: boolean, end: () => void): void {
  useEffect(() => {
    const main = root.current?.closest("main");
    if (!isOn || !main) return;
    const others = [...(main.parentElement?.children ?? [])].filter((one): one is HTMLElement => one instanceof HTMLElement && one !== main);
    const before = others.map((one) => one.inert);
    for (const one of others) one.inert = true;
    const pressed = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && document.querySelector("[role=dialog],[role=menu],[role=listbox]") === null) end();
    };
    document.addEventListener("keydown", pressed);
    return () => {
      document.removeEventListener("keydown", pressed);
      others.forEach((one, i) => {
        one.inert = before[i] ?? false;
      });
    };
  }, [root, isOn, end]);
}
