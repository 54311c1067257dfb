import { useEffect, useState } from "react";

/** `text`, once it has stayed the same for `ms`. */
export function useDelayedText(text: string, ms: number): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), ms);
    return () => clearTimeout(timer);
  }, [text, ms]);
  return settled;
}
