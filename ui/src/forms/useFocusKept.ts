/** The focus after something that held it is gone. */
import { useEffect, useRef, type RefObject } from "react";

/**
 * Once `isOpen` turns false and the focus is nowhere, because what opened the dialog went with it, it goes to what `selector` finds `within`.
 * Frames are waited for: a dialog gives the focus back only after it is gone.
 */
export function useFocusKept(isOpen: boolean, within: RefObject<HTMLElement | null>, selector: string): void {
  const was = useRef(isOpen);
  useEffect(() => {
    const closed = was.current && !isOpen;
    was.current = isOpen;
    if (!closed) return undefined;
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => {
        frame = requestAnimationFrame(() => {
          if (document.activeElement === document.body) within.current?.querySelector<HTMLElement>(selector)?.focus();
        });
      });
    });
    return () => cancelAnimationFrame(frame);
  }, [isOpen, within, selector]);
}
