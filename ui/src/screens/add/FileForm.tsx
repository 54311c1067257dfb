/** How a file is written: recognised, and changed here where it was not. */
import type { ReactNode } from "react";
import { Select, Switch } from "../../forms";
import { t } from "../../i18n";
import { ENCODINGS, type Encoding } from "../../text/decode";
import css from "./add.module.css";
import { DELIMITERS, type Delimiter } from "./csv";
import type { Preview, Said } from "./preview";

const NAMES = { "\t": "tab", ";": "semicolon", "|": "bar", ",": "comma" } as const;

export function FileForm({ preview, isDisabled, onChange }: { preview: Preview; isDisabled: boolean; onChange: (said: Said) => void }): ReactNode {
  return (
    <div className={css["fields"]}>
      <Select
        label={t("add.delimiter")}
        value={preview.delimiter}
        isDisabled={isDisabled}
        options={DELIMITERS.map((value) => ({ value, label: t(`add.delimiter.${NAMES[value]}`) }))}
        onChange={(value) => onChange({ delimiter: value as Delimiter })}
      />
      <Select
        label={t("add.encoding")}
        value={preview.encoding}
        isDisabled={isDisabled}
        options={ENCODINGS.map((value) => ({ value, label: value.toUpperCase().replace("WINDOWS", "Windows") }))}
        onChange={(value) => onChange({ encoding: value as Encoding })}
      />
      <Switch isSelected={preview.hasHeader} isDisabled={isDisabled} onChange={(hasHeader) => onChange({ hasHeader })}>
        {t("add.hasHeader")}
      </Switch>
    </div>
  );
}
