/** Free attributes while they are typed. */
import { valueOf, type Attributes, type Value } from "./kinds";

/** A pair while it is typed; `id` keeps its fields apart from the others'. */
export interface Pair {
  readonly id: number;
  readonly name: string;
  readonly value: string;
  /** What it was when it was read: a text such as "12" stays one as long as nobody types. */
  readonly was?: Value;
}

let made = 0;

export function newPair(name = "", value = ""): Pair {
  return { id: ++made, name, value };
}

export function pairsOf(attributes: Attributes): Pair[] {
  return Object.entries(attributes).map(([name, was]) => ({ ...newPair(name, String(was)), was }));
}

/** What the pairs say; one of which nothing was typed says nothing. */
export function attributesOf(pairs: readonly Pair[]): Attributes {
  return Object.fromEntries(pairs.filter((pair) => !isBlank(pair)).map(({ name, value, was }) => [name.trim(), was !== undefined && String(was) === value ? was : valueOf(value)]));
}

/** Why a pair cannot be saved: no name stands before its value, or another one has the same name. */
export function faultOf(pair: Pair, pairs: readonly Pair[]): "unnamed" | "twice" | null {
  const name = pair.name.trim();
  if (name === "") return isBlank(pair) ? null : "unnamed";
  return pairs.find((other) => other.name.trim() === name) === pair ? null : "twice";
}

function isBlank({ name, value }: Pair): boolean {
  return name.trim() === "" && value.trim() === "";
}
