/** How wide an element is, followed without a layout of our own. */

import { type RefObject, useLayoutEffect, useState } from "react";

/** Content width in CSS pixels, whole; 0 before the element is in the page. */
export function useWidth(of: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = of.current;
    if (element === null) return;
    setWidth(Math.floor(element.clientWidth));
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.floor(entry.contentRect.width));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [of]);
  return width;
}
