import { useQuery } from "@tanstack/react-query";
import { useId, useMemo, useState, type KeyboardEvent, type ReactNode } from "react";
import { Dialog } from "../forms";
import { t } from "../i18n";
import { useDelayedText } from "./useDelayedText";
import { findPlaces, localTargets, matching, type Target } from "./targets";
import { take } from "./typedAhead";
import { useGo } from "./Go";
import css from "./Palette.module.css";

const SHOWN = 12;

/** Ctrl-K: go anywhere by typing a part of its name. */
export default function Palette({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Dialog title={t("app.palette")} isOpen onClose={onClose}>
      <Search onDone={onClose} />
    </Dialog>
  );
}

function Search({ onDone }: { onDone: () => void }): ReactNode {
  const go = useGo();
  const id = useId();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const asked = useDelayedText(text.trim(), 150);
  const places = useQuery({
    queryKey: ["palette", asked],
    queryFn: ({ signal }) => findPlaces(asked, signal),
    enabled: asked.length > 0,
    placeholderData: (before) => before,
  });
  const found = useMemo(
    () => [...matching(localTargets(), text), ...(asked ? (places.data ?? []) : [])].slice(0, SHOWN),
    [text, asked, places.data],
  );
  const at = Math.min(chosen, Math.max(0, found.length - 1));
  const run = (target: Target | undefined) => {
    if (!target) return;
    onDone();
    if (target.run) target.run();
    else go(target.to, target.params, target.search);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setChosen(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(at - 1, 0));
    else if (event.key === "Enter") run(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <div className={css["palette"]}>
      <input
        className={css["input"]}
        type="text"
        role="combobox"
        autoFocus
        autoComplete="off"
        spellCheck={false}
        aria-label={t("app.paletteHint")}
        placeholder={t("app.paletteHint")}
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found.length ? `${id}-${at}` : undefined}
        value={text}
        onFocus={() => {
          const typed = take();
          if (typed.entered) run(matching(localTargets(), typed.text)[0]);
          else if (typed.text) setText(typed.text);
        }}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={keys}
      />
      <ul id={id} role="listbox" aria-label={t("app.palette")} className={css["list"]}>
        {found.map((target, i) => (
          <li key={target.id} id={`${id}-${i}`} role="option" aria-selected={i === at} className={css["item"]} onPointerMove={() => setChosen(i)} onClick={() => run(target)}>
            <span className={css["label"]}>{target.label}</span>
            <span className={css["kind"]}>{target.kind}</span>
          </li>
        ))}
      </ul>
      <p className={css["hint"]} role="status">
        {found.length === 0 && asked ? t("app.paletteNone", { text: asked }) : <span className={css["byKeys"]}>{t("app.paletteKeys")}</span>}
      </p>
    </div>
  );
}
