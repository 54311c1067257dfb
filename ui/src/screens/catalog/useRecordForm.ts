/** A record while it is edited: what was typed, and what the platform said to it. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { attributesOf, pairsOf, type Pair } from "./AttributesEditor";
import { FIELDS, type CatalogRecord, type FieldValue, type Kind } from "./kinds";
import { create, read, remove, replace } from "./records";

const CHANGED_MEANWHILE = 412;

export interface RecordForm {
  readonly values: Readonly<Record<string, string>>;
  readonly pairs: readonly Pair[];
  readonly busy: "save" | "delete" | null;
  readonly problem: Problem | null;
  /** The record as somebody else left it, while it was edited here. */
  readonly theirs: CatalogRecord | null;
  readonly mine: Omit<CatalogRecord, "version">;
  set(name: string, value: string): void;
  setPairs(pairs: readonly Pair[]): void;
  save(): void;
  delete(): void;
  /** After a conflict: write what is here over theirs, or go on from theirs. */
  keepMine(): void;
  takeTheirs(): void;
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

export function useRecordForm(kind: Kind, was: CatalogRecord | null, onDone: (done: "saved" | "deleted") => void): RecordForm {
  const client = useQueryClient();
  const [base, setBase] = useState(was);
  const [values, setValues] = useState(() => typed(kind, was));
  const [pairs, setPairs] = useState<readonly Pair[]>(() => pairsOf(was?.attributes ?? {}));
  const [busy, setBusy] = useState<RecordForm["busy"]>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [theirs, setTheirs] = useState<CatalogRecord | null>(null);
  const mine = { fields: fieldsOf(kind, values), attributes: attributesOf(pairs) };

  async function run(what: "save" | "delete", work: () => Promise<unknown>): Promise<void> {
    setBusy(what);
    setProblem(null);
    try {
      await work();
      await client.invalidateQueries({ queryKey: ["catalog"] });
      onDone(what === "save" ? "saved" : "deleted");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === CHANGED_MEANWHILE && base) setTheirs(await read(kind, base.fields));
      else setProblem(error);
    } finally {
      setBusy(null);
    }
  }

  function write(over: CatalogRecord | null): void {
    const body = { ...mine.fields, attributes: mine.attributes };
    const keys = new Set(FIELDS[kind].filter((field) => field.isKey).map((field) => field.name));
    const rest = Object.fromEntries(Object.entries(body).filter(([name]) => !keys.has(name)));
    void run("save", () => (over ? replace(kind, over, rest) : create(kind, body)));
  }

  return {
    values,
    pairs,
    busy,
    problem,
    theirs,
    mine,
    // Another building has other rooms.
    set: (name, value) => setValues((before) => ({ ...before, ...(name === "building" && "room" in before && before["building"] !== value ? { room: "" } : {}), [name]: value })),
    setPairs,
    save: () => write(base),
    delete: () => base && void run("delete", () => remove(kind, base)),
    keepMine: () => {
      setBase(theirs);
      setTheirs(null);
      write(theirs);
    },
    takeTheirs: () => {
      setBase(theirs);
      setValues(typed(kind, theirs));
      setPairs(pairsOf(theirs?.attributes ?? {}));
      setTheirs(null);
    },
  };
}
