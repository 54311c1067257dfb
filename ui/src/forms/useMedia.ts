/** What the device is like, as CSS media queries tell it. */
import { useCallback, useSyncExternalStore } from "react";

/** Up to this width sheets take the place of popovers, and cards that of table rows. */
export const PHONE = "(max-width: 640px)";

/** Whether a media query holds; renders again when that changes. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
