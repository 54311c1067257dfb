/** Files by drag and drop, by paste, or by the browser's own picker: with what the browser itself has, as a library for it weighs 20 KB. */
import { useId, useRef, useState, type ReactNode } from "react";
import { fmt, t } from "../i18n";
import { accepts } from "./accepts";
import { Button } from "./Button";
import css from "./FileDrop.module.css";
import { Icon } from "./Icon";

export interface FileDropProps {
  readonly label: string;
  readonly description?: string;
  /** Endings and media types: `[".csv", "text/csv"]`. Others are refused with their names. */
  readonly accept: readonly string[];
  readonly maxBytes?: number;
  readonly isMultiple?: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

export function FileDrop({ label, description, accept, maxBytes, isMultiple = false, onFiles }: FileDropProps): ReactNode {
  const [refused, setRefused] = useState<string | null>(null);
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const id = useId();

  function take(files: readonly File[]): void {
    const wrong = files.find((file) => !accepts(accept, file));
    const large = files.find((file) => maxBytes !== undefined && file.size > maxBytes);
    if (wrong !== undefined) setRefused(t("forms.wrongFile", { name: wrong.name, accepted: accept.join(", ") }));
    else if (large !== undefined) setRefused(t("forms.largeFile", { name: large.name, limit: fmt.bytes(maxBytes) }));
    else if (files.length > 1 && !isMultiple) setRefused(t("forms.oneFile"));
    else {
      setRefused(null);
      if (files.length > 0) onFiles(files);
    }
  }

  return (
    <div>
      <div
        role="group"
        aria-labelledby={id}
        className={css["zone"]}
        data-drop-target={over || undefined}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes("Files")) return;
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          take([...event.dataTransfer.files]);
        }}
        onPaste={(event) => {
          if (event.clipboardData.files.length > 0) take([...event.clipboardData.files]);
        }}
      >
        <Icon name="upload" size={24} />
        <span id={id}>{label}</span>
        {description !== undefined && <span className={css["description"]}>{description}</span>}
        <input
          ref={picker}
          type="file"
          hidden
          accept={accept.join(",")}
          multiple={isMultiple}
          onChange={(event) => {
            take([...(event.target.files ?? [])]);
            event.target.value = ""; // so that the same file can be chosen again once it is mended
          }}
        />
        <Button onPress={() => picker.current?.click()}>{isMultiple ? t("forms.chooseFiles") : t("forms.chooseFile")}</Button>
      </div>
      <div role="alert">{refused !== null && <p className={css["refused"]}>{refused}</p>}</div>
    </div>
  );
}
