/** What two people made of one record, and one record out of both. */
import type { Key } from "../../i18n";
import { FIELDS, type Attributes, type CatalogRecord, type FieldValue, type Kind, type Value } from "./kinds";

export type Content = Omit<CatalogRecord, "version">;
export type Side = "mine" | "theirs";

/** A field or attribute that the two leave differently. */
export interface Difference {
  /** Names it among the others: an attribute may be called as a field is. */
  readonly id: string;
  readonly name: string;
  /** null for an attribute: what it is called is its label. */
  readonly label: Key | null;
  readonly mine: string;
  readonly theirs: string;
  /** Whose is kept unless somebody chooses: that of whoever changed it, and of both mine. */
  readonly usual: Side;
}

const text = (value: FieldValue | Value | undefined) => (value == null ? "" : String(value));
const attribute = (name: string) => `attributes.${name}`;

export function differences(kind: Kind, base: Content, mine: Content, theirs: Content): Difference[] {
  const one = (id: string, name: string, label: Key | null, of: (content: Content) => FieldValue | Value | undefined): Difference => ({
    id,
    name,
    label,
    mine: text(of(mine)),
    theirs: text(of(theirs)),
    usual: text(of(mine)) === text(of(base)) ? "theirs" : "mine",
  });
  const names = new Set([...Object.keys(mine.attributes), ...Object.keys(theirs.attributes)]);
  return [
    ...FIELDS[kind].map(({ name, label }) => one(name, name, label, ({ fields }) => fields[name])),
    ...[...names].sort().map((name) => one(attribute(name), name, null, ({ attributes }) => attributes[name])),
  ].filter((found) => found.mine !== found.theirs);
}

/** Theirs, with mine wherever `sides` says so. */
export function merged(kind: Kind, mine: Content, theirs: Content, sides: ReadonlyMap<string, Side>): Content {
  const from = (id: string) => (sides.get(id) === "mine" ? mine : theirs);
  const fields = Object.fromEntries(FIELDS[kind].map(({ name }) => [name, from(name).fields[name] ?? null]));
  const names = new Set([...Object.keys(theirs.attributes), ...Object.keys(mine.attributes)]);
  const attributes: Attributes = Object.fromEntries(
    [...names].flatMap((name) => {
      const value = from(attribute(name)).attributes[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return { fields, attributes };
}
