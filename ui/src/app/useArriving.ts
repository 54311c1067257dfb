import { useLayoutEffect, type RefObject } from "react";

const LASTS_MS = 3_000;
const HELD = "data-held";

/**
 * While a screen arrives (the seconds after `path` was opened) what stands after a skeleton, anywhere below `main`, waits for
 * its answer (`base.css`): nothing that is seen moves when the answer takes more room than its skeleton. It ends with the first
 * key, touch or turn of the wheel.
 */
export function useArriving(main: RefObject<HTMLElement | null>, path: string): void {
  useLayoutEffect(() => {
    const root = main.current;
    if (root === null) return;
    hold(root);
    // Before the frame that would show it is painted.
    const observer = new MutationObserver(() => hold(root));
    observer.observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-loading"] });
    const over = new AbortController();
    const end = () => {
      clearTimeout(due);
      over.abort();
      observer.disconnect();
      release(root);
    };
    const due = setTimeout(end, LASTS_MS);
    // Whoever already does something here needs what is there, and expects that it moves.
    for (const act of ["keydown", "pointerdown", "wheel"]) addEventListener(act, end, { capture: true, passive: true, signal: over.signal });
    return end;
  }, [main, path]);
}

function release(root: HTMLElement): void {
  for (const element of root.querySelectorAll(`[${HELD}]`)) element.removeAttribute(HELD);
}

function hold(root: HTMLElement): void {
  const held = new Set<Element>();
  for (const loading of root.querySelectorAll("[data-loading]")) {
    for (let at: Element | null = loading; at !== null && at !== root; at = at.parentElement) {
      for (let next = at.nextElementSibling; next !== null && !held.has(next); next = next.nextElementSibling) held.add(next);
    }
  }
  for (const element of root.querySelectorAll(`[${HELD}]`)) if (!held.has(element)) element.removeAttribute(HELD);
  for (const element of held) element.setAttribute(HELD, "");
}
