/** What the help with the language knows: its words are facts of language.json, which a test holds against the parser. */
import { unitFor } from "../../app/degrees";
import type { Degrees } from "../../app/settings";
import facts from "./language.json";
import { quoted } from "./text";
import { firstAsk, type Series } from "./useSeries";

export const { keys: KEYS, math: MATH, second: SECOND } = facts;

type Functions = typeof facts.functions;
/** Functions with the other words for them. */
export const FUNCTIONS = Object.entries(facts.functions) as [keyof Functions, readonly string[]][];

type Clauses = typeof facts.clauses;
/** Clauses with how one is written. */
export const CLAUSES = Object.entries(facts.clauses) as [keyof Clauses, string][];

export type ExampleName = keyof typeof facts.examples;

export interface Example {
  readonly name: ExampleName;
  readonly text: string;
}

/** The examples about what is measured here, so that each of them has an answer. */
export function examplesFor(series: readonly Series[], degrees: Degrees): Example[] {
  const level = firstAsk(series).rows[0]?.metric ?? "";
  const unit = series.find((one) => one.metric === level)?.unit ?? null;
  const wanted = unitFor(unit, degrees);
  const words = {
    level: quoted(level),
    in: wanted === null || wanted === unit ? "" : ` in ${wanted}`,
    power: quoted(series.find((one) => one.unit === "W")?.metric ?? series.find((one) => one.unit === "Wh")?.metric ?? level),
    site: quoted((series.find((one) => one.metric === level) ?? series[0])?.site ?? ""),
  };
  return (Object.entries(facts.examples) as [ExampleName, string][]).map(([name, text]) => ({
    name,
    text: text.replace(/\{(\w+)\}/g, (_, slot: keyof typeof words) => words[slot]),
  }));
}
