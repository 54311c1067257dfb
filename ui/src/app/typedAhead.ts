/** Keys pressed between opening the palette and its input having the focus belong to the palette: nobody waits for it to open. */

const PATIENCE = 5_000;

export interface TypedAhead {
  text: string;
  /** Enter was pressed after the text. */
  entered: boolean;
}

let held: TypedAhead | undefined;
let patience = 0;

function keep(event: KeyboardEvent): void {
  if (!held || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return void take();
  if (event.key === "Enter") held.entered = true;
  else if (event.key === "Backspace") held.text = held.text.slice(0, -1);
  else if ([...event.key].length === 1 && !held.entered) held.text += event.key;
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** From now on keys are kept, until they are taken (or for five seconds, should the palette not come). */
export function holdKeys(): void {
  if (held) return;
  held = { text: "", entered: false };
  document.addEventListener("keydown", keep, true);
  patience = window.setTimeout(take, PATIENCE);
}

/** What was typed since; keys go where they went before. */
export function take(): TypedAhead {
  document.removeEventListener("keydown", keep, true);
  window.clearTimeout(patience);
  const typed = held ?? { text: "", entered: false };
  held = undefined;
  return typed;
}
