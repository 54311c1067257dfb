import { useSyncExternalStore } from "react";
import en, { type Catalog, type Key, type Text } from "./catalog";
import { count } from "./format";
import { pseudo } from "./pseudo";

export type { Key } from "./catalog";
export * as fmt from "./format";

export const LOCALES = { en: "English", de: "Deutsch", fr: "Français" } as const;
export type Locale = keyof typeof LOCALES | "pseudo";
export type Params = Record<string, string | number>;

const loaders: Record<Locale, () => Promise<Catalog>> = {
  en: async () => en,
  de: async () => (await import("./de")).default,
  fr: async () => (await import("./fr")).default,
  pseudo: async () => pseudo(en),
};

const STORED = "penstock.locale";
const listeners = new Set<() => void>();
let locale: Locale = "en";
let catalog: Catalog = en;
let plurals = new Intl.PluralRules("en");

/** The string of `key` in the reader's language. `{name}` stands for a parameter; with several forms `n` chooses one. */
export function t(key: Key, params?: Params): string {
  const dot = key.indexOf(".");
  const area = catalog[key.slice(0, dot) as keyof Catalog] as Record<string, Text>;
  const found = area[key.slice(dot + 1)];
  if (found === undefined) throw new Error(`i18n: there is no string ${key}`);
  const text = typeof found === "string" ? found : (found[plurals.select(Number(params?.["n"] ?? 0)) as "one"] ?? found.other);
  if (!params) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : typeof value === "number" ? count(value) : value;
  });
}

/** The BCP 47 tag that Intl formats by. */
export function tag(): string {
  return locale === "pseudo" ? "en" : locale;
}

/** The language now; a component that calls this is rendered again when it changes. */
export function useLocale(): Locale {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => locale,
  );
}

/** Load a language and use it from now on. */
export async function setLocale(next: Locale): Promise<void> {
  catalog = await loaders[next]();
  locale = next;
  plurals = new Intl.PluralRules(tag());
  document.documentElement.lang = tag();
  localStorage.setItem(STORED, next);
  for (const changed of listeners) changed();
}

/** What was chosen here before, else the browser's first language that there is a catalog of. */
export function preferredLocale(asked: string | null): Locale {
  for (const wish of [asked, localStorage.getItem(STORED), ...navigator.languages]) {
    const known = wish?.toLowerCase().split("-")[0];
    if (known && known in loaders) return known as Locale;
  }
  return "en";
}
