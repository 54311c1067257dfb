import { useState } from "react";

/** `value`, or while it is held the one of the moment before. */
export function useHeld<T>(value: T, isHeld: boolean): T {
  const [kept, keep] = useState<{ value: T }>({ value });
  if (!isHeld && kept.value !== value) keep({ value });
  return isHeld ? kept.value : value;
}
