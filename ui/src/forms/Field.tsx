/** What every field has: a label, help that unfolds, a description and its errors. */
import { useId, useState, type ReactNode } from "react";
import { FieldError, Label, Text } from "react-aria-components";
import { t } from "../i18n";
import css from "./Field.module.css";
import { Icon } from "./Icon";

/** The parts that all fields share. */
export interface FieldProps {
  readonly label: string;
  /** A short line below the field that is always there: the format, the unit, an example. */
  readonly description?: ReactNode;
  /** A longer text behind the `?`. It unfolds in place; nothing is said by hovering alone. */
  readonly help?: ReactNode;
  /** Why the value is refused, where neither the browser nor a form's problem says it; set `isInvalid` with it. */
  readonly errorMessage?: string | undefined;
}

/** A field's label with its `?`, the field itself, and what belongs below it. */
export function FieldFrame({ label, description, help, errorMessage, children }: FieldProps & { children: ReactNode }): ReactNode {
  const id = useId();
  const [open, setOpen] = useState(false);
  return (
    <>
      <div className={css["head"]}>
        <Label className={css["label"] ?? ""}>{label}</Label>
        {help !== undefined && <HelpButton about={label} controls={id} isOpen={open} onPress={() => setOpen(!open)} />}
      </div>
      {help !== undefined && (
        <div id={id} hidden={!open} className={css["help"]}>
          {help}
        </div>
      )}
      {children}
      {description !== undefined && (
        <Text slot="description" className={css["description"] ?? ""}>
          {description}
        </Text>
      )}
      <Errors message={errorMessage} />
    </>
  );
}

/** Where a field's errors are shown, by browser, by our own check or by the server. */
export function Errors({ message }: { message?: string | undefined }): ReactNode {
  return (
    <FieldError className={css["error"] ?? ""}>
      {({ validationErrors }) => (
        <>
          <Icon name="error" />
          <span>{message ?? validationErrors.join(" ")}</span>
        </>
      )}
    </FieldError>
  );
}

interface HelpButtonProps {
  readonly about: string;
  readonly controls: string;
  readonly isOpen: boolean;
  readonly onPress: () => void;
}

function HelpButton({ about, controls, isOpen, onPress }: HelpButtonProps): ReactNode {
  // A plain button: React Aria's would take the field's own context, and with it the field's label.
  return (
    <button
      type="button"
      className={css["ask"]}
      aria-label={t("forms.helpAbout", { about })}
      aria-expanded={isOpen}
      aria-controls={controls}
      onClick={onPress}
    >
      ?
    </button>
  );
}

/** Help outside fields: a `?` that unfolds a text below itself. */
export function Help({ about, children }: { about: string; children: ReactNode }): ReactNode {
  const id = useId();
  const [open, setOpen] = useState(false);
  return (
    <>
      <HelpButton about={about} controls={id} isOpen={open} onPress={() => setOpen(!open)} />
      <div id={id} hidden={!open} className={css["help"]}>
        {children}
      </div>
    </>
  );
}
