/** A record while it is edited: what was typed, and what the platform said to it. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { attributesOf, faultOf, pairsOf, type Pair } from "./attributes";
import type { Content } from "./conflict";
import { FIELDS, type CatalogRecord, type FieldValue, type Kind } from "./kinds";
import { create, read, remove, replace } from "./records";

const CHANGED_MEANWHILE = 412;
const NOT_THERE = 404;

/** Somebody else was faster. */
export interface Conflict {
  /** What they left; null: they deleted it. */
  readonly theirs: CatalogRecord | null;
  /** The record as it was when editing began. */
  readonly base: CatalogRecord;
  readonly wanted: "save" | "delete";
}

export interface RecordForm {
  readonly values: Readonly<Record<string, string>>;
  readonly pairs: readonly Pair[];
  readonly busy: "save" | "delete" | null;
  readonly problem: Problem | null;
  readonly conflict: Conflict | null;
  readonly mine: Content;
  /** Whether closing now would lose something. */
  readonly isChanged: boolean;
  set(name: string, value: string): void;
  setPairs(pairs: readonly Pair[]): void;
  save(): void;
  delete(): void;
  /** After a conflict: go on editing this, over what they left. */
  goOn(content: Content): void;
  /** After a conflict: write this over what they left, or anew where they deleted it. */
  settle(content: Content): void;
}

function typed(kind: Kind, record: Pick<CatalogRecord, "fields"> | null): Record<string, string> {
  return Object.fromEntries(FIELDS[kind].map(({ name }) => [name, String(record?.fields[name] ?? "")]));
}

/** What the form says, as the API takes it: empty references and numbers are null. */
export function fieldsOf(kind: Kind, values: Readonly<Record<string, string>>): Record<string, FieldValue> {
  return Object.fromEntries(
    FIELDS[kind].map(({ name, of, isNumber }) => {
      const text = (values[name] ?? "").trim();
      if (isNumber) return [name, text === "" ? null : Number(text)];
      return [name, of && text === "" ? null : text];
    }),
  );
}

/** As one text, for comparing: attributes in any order are the same. */
function said(kind: Kind, values: Readonly<Record<string, string>>, pairs: readonly Pair[]): string {
  const free = Object.entries(attributesOf(pairs)).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([FIELDS[kind].map(({ name }) => (values[name] ?? "").trim()), free]);
}

/** What somebody else made of the record, null where it is gone. */
async function asTheyLeftIt(kind: Kind, was: CatalogRecord): Promise<CatalogRecord | null> {
  try {
    return await read(kind, was.fields);
  } catch (error) {
    if (error instanceof Problem && error.status === NOT_THERE) return null;
    throw error;
  }
}

export function useRecordForm(kind: Kind, was: CatalogRecord | null, onDone: (done: "saved" | "deleted") => void): RecordForm {
  const client = useQueryClient();
  const [base, setBase] = useState(was);
  const [values, setValues] = useState(() => typed(kind, was));
  const [pairs, setPairs] = useState<readonly Pair[]>(() => pairsOf(was?.attributes ?? {}));
  const [busy, setBusy] = useState<RecordForm["busy"]>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const mine = { fields: fieldsOf(kind, values), attributes: attributesOf(pairs) };
  const isChanged = said(kind, values, pairs) !== said(kind, typed(kind, base), pairsOf(base?.attributes ?? {}));

  async function attempt(wanted: "save" | "delete", over: CatalogRecord | null, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Problem) || over === null || (error.status !== CHANGED_MEANWHILE && error.status !== NOT_THERE)) throw error;
      const theirs = await asTheyLeftIt(kind, over);
      // As it was read: then something else is not there, such as what it refers to.
      if (theirs?.version === over.version) throw error;
      // Somebody else deleted it: what was wanted has happened.
      if (theirs !== null || wanted === "save") {
        setConflict({ theirs, base: over, wanted });
        return;
      }
    }
    await client.invalidateQueries({ queryKey: ["catalog"] });
    onDone(wanted === "save" ? "saved" : "deleted");
  }

  async function run(wanted: "save" | "delete", over: CatalogRecord | null, work: () => Promise<unknown>): Promise<void> {
    setBusy(wanted);
    setProblem(null);
    try {
      await attempt(wanted, over, work);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      setBusy(null);
    }
  }

  function write(over: CatalogRecord | null, content: Content): void {
    const keys = new Set(FIELDS[kind].filter((field) => field.isKey).map((field) => field.name));
    const rest = Object.fromEntries(Object.entries(content.fields).filter(([name]) => over === null || !keys.has(name)));
    const body = { ...rest, attributes: content.attributes };
    void run("save", over, () => (over ? replace(kind, over, body) : create(kind, body)));
  }

  /** The form shows `content` from now on, over what they left. */
  function goOn(content: Content): CatalogRecord | null {
    const theirs = conflict?.theirs ?? null;
    setBase(theirs);
    setValues(typed(kind, content));
    setPairs(pairsOf(content.attributes));
    setConflict(null);
    return theirs;
  }

  return {
    values,
    pairs,
    busy,
    problem,
    conflict,
    mine,
    isChanged,
    // Another building has other rooms.
    set: (name, value) => setValues((before) => ({ ...before, ...(name === "building" && "room" in before && before["building"] !== value ? { room: "" } : {}), [name]: value })),
    setPairs,
    save: () => {
      if (pairs.every((pair) => faultOf(pair, pairs) === null)) write(base, mine);
    },
    delete: () => base && void run("delete", base, () => remove(kind, base)),
    goOn,
    settle: (content) => {
      const { wanted } = conflict ?? {};
      const theirs = goOn(content);
      if (wanted === "delete" && theirs) void run("delete", theirs, () => remove(kind, theirs));
      else write(theirs, content);
    },
  };
}
