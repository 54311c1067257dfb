/** Which options fit what somebody types. */

interface Named {
  readonly value: string;
  readonly label: string;
  readonly detail?: string;
}

/** Lower case without accents: "Büro" is found by "buro". */
export function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The options that hold every word of the text; first those whose label starts with it. */
export function matching<T extends Named>(options: readonly T[], text: string): readonly T[] {
  const wanted = folded(text.trim());
  if (wanted === "") return options;
  const words = wanted.split(/\s+/);
  const fitting = options.filter((option) => {
    const all = folded(`${option.label} ${option.value} ${option.detail ?? ""}`);
    return words.every((word) => all.includes(word));
  });
  const leads = (option: T) => (folded(option.label).startsWith(wanted) ? 0 : 1);
  return fitting.sort((a, b) => leads(a) - leads(b));
}
