import { useEffect } from "react";

/** Keeps the screen on while `isOn`, where the browser can (HTTPS, and a page that is looked at). */
export function useWakeLock(isOn: boolean): void {
  useEffect(() => {
    if (!isOn || !("wakeLock" in navigator)) return;
    let ended = false;
    let lock: WakeLockSentinel | undefined;
    const take = () => {
      if (document.hidden) return;
      navigator.wakeLock.request("screen").then(
        (taken) => {
          if (ended) void taken.release();
          else lock = taken;
        },
        () => undefined, // a low battery is the device's own reason to say no, and the page works without
      );
    };
    take();
    // A tab that was hidden has lost its lock.
    document.addEventListener("visibilitychange", take);
    return () => {
      ended = true;
      document.removeEventListener("visibilitychange", take);
      void lock?.release();
    };
  }, [isOn]);
}
