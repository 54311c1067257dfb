import { Suspense, lazy, useRef, useState, type ReactNode } from "react";
import { Problem } from "../../api/problem";
import { useDegrees } from "../../app/degrees";
import { Button, CopyButton, TextField } from "../../forms";
import { t } from "../../i18n";
import css from "./explore.module.css";
import { placeOf } from "./place";
import { useDraft } from "./useDraft";
import type { Series } from "./useSeries";

const LanguageHelp = lazy(() => import("./LanguageHelp"));

interface WordsProps {
  readonly label: string;
  readonly hint: string;
  readonly text: string;
  readonly error: unknown;
  readonly onRun: (text: string) => void;
  /** What is measured, for the help with the language; without it there is none. */
  readonly series?: readonly Series[];
}

/** A question in words. What is not understood is pointed at where it stands. */
export function Words({ label, hint, text, error, onRun, series }: WordsProps): ReactNode {
  const { degrees } = useDegrees();
  const form = useRef<HTMLFormElement>(null);
  const [isHelping, setHelping] = useState(false);
  const [draft, setDraft] = useDraft(text, text);
  const fault = draft === text && error instanceof Problem && error.status === 400 ? error : undefined;
  const at = fault === undefined ? undefined : placeOf(fault.detail);
  const take = (example: string) => {
    setHelping(false);
    setDraft(example);
    onRun(example);
    // Where it can be changed now. A dialog that closes gives the focus back only where nobody else has it.
    form.current?.querySelector("textarea")?.focus();
  };
  const run = () => draft.trim() !== "" && onRun(draft.trim());
  return (
    <form
      ref={form}
      aria-label={label}
      className={css["words"]}
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
      onKeyDown={(event) => {
        if (event.key === "F1" && series !== undefined) {
          event.preventDefault();
          setHelping(true);
          return;
        }
        if (event.key !== "Enter" || event.shiftKey || !(event.target instanceof HTMLTextAreaElement)) return;
        event.preventDefault();
        run();
      }}
    >
      <TextField label={label} description={hint} isCode rows={3} value={draft} onChange={setDraft} isInvalid={fault !== undefined} errorMessage={fault?.detail} spellCheck="false" />
      {at !== undefined && (
        <pre className={css["place"]} aria-hidden="true">
          {draft.slice(0, at)}
          <mark>{draft.slice(at).match(/^\S+/)?.[0] ?? "␣"}</mark>
          {draft.slice(at).replace(/^\S+/, "")}
        </pre>
      )}
      {fault?.hint !== undefined && <p className={css["soft"]}>{fault.hint.split("\n")[0]}</p>}
      <div className={css["adds"]}>
        <Button type="submit" tone="primary" isDisabled={draft.trim() === ""}>
          {t("explore.run")}
        </Button>
        <CopyButton text={() => draft} label={t("explore.copyText")} />
        {series !== undefined && (
          <Button tone="quiet" icon="info" aria-haspopup="dialog" aria-keyshortcuts="F1" onPress={() => setHelping(true)}>
            {t("explore.help")}
          </Button>
        )}
        <a className={css["link"]} href="/docs">
          {t("app.docs")}
        </a>
      </div>
      {isHelping && series !== undefined && (
        <Suspense>
          <LanguageHelp series={series} degrees={degrees} onTake={take} onClose={() => setHelping(false)} />
        </Suspense>
      )}
    </form>
  );
}
