/** Files by drag and drop, by paste, or by the browser's own picker. */
import { useState, type ReactNode } from "react";
import { DropZone, FileTrigger, isFileDropItem, Text } from "react-aria-components";
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
      <DropZone
        className={css["zone"] ?? ""}
        onDrop={(event) => {
          void Promise.all(event.items.filter(isFileDropItem).map((item) => item.getFile())).then(take);
        }}
      >
        <Icon name="upload" size={24} />
        <Text slot="label">{label}</Text>
        {description !== undefined && <span className={css["description"]}>{description}</span>}
        <FileTrigger acceptedFileTypes={accept} allowsMultiple={isMultiple} onSelect={(files) => take([...(files ?? [])])}>
          <Button>{isMultiple ? t("forms.chooseFiles") : t("forms.chooseFile")}</Button>
        </FileTrigger>
      </DropZone>
      <div role="alert">{refused !== null && <p className={css["refused"]}>{refused}</p>}</div>
    </div>
  );
}
