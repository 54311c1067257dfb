/** Fields that are typed into, and switches. */
import { useId, type ReactNode } from "react";
import {
  Button,
  Checkbox as AriaCheckbox,
  Group,
  Input,
  NumberField as AriaNumberField,
  Switch as AriaSwitch,
  TextArea,
  TextField as AriaTextField,
} from "react-aria-components";
import type {
  CheckboxProps as AriaCheckboxProps,
  NumberFieldProps as AriaNumberFieldProps,
  SwitchProps as AriaSwitchProps,
  TextFieldProps as AriaTextFieldProps,
} from "react-aria-components";
import { clsx } from "./clsx";
import { FieldFrame, type FieldProps } from "./Field";
import css from "./Field.module.css";
import { Icon } from "./Icon";

export interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "style" | "children">, FieldProps {
  readonly placeholder?: string;
  /** More than one line: a text area of so many rows. */
  readonly rows?: number;
  /** For keys, ids and queries. */
  readonly isCode?: boolean;
}

/** A line or some lines of text. */
export function TextField({ label, description, help, errorMessage, placeholder, rows, isCode, ...rest }: TextFieldProps): ReactNode {
  const look = { className: clsx(css["input"], isCode === true && css["code"]), ...(placeholder === undefined ? {} : { placeholder }) };
  return (
    <AriaTextField {...rest} className={css["field"] ?? ""}>
      <FieldFrame label={label} description={description} help={help} errorMessage={errorMessage}>
        {rows === undefined ? <Input {...look} /> : <TextArea {...look} rows={rows} />}
      </FieldFrame>
    </AriaTextField>
  );
}

export interface NumberFieldProps extends Omit<AriaNumberFieldProps, "className" | "style" | "children">, FieldProps {
  /** Shown behind the number: "kW". */
  readonly unit?: string;
}

/** A number, typed in the reader's own notation or stepped up and down. */
export function NumberField({ label, description, help, errorMessage, unit, ...rest }: NumberFieldProps): ReactNode {
  return (
    <AriaNumberField {...rest} className={css["field"] ?? ""}>
      <FieldFrame label={label} description={description} help={help} errorMessage={errorMessage}>
        <Group className={css["group"] ?? ""}>
          <Input className={clsx(css["input"], css["number"])} />
          {unit !== undefined && <span className={css["unit"]}>{unit}</span>}
          <Button slot="decrement" className={css["step"] ?? ""}>
            <Icon name="minus" />
          </Button>
          <Button slot="increment" className={css["step"] ?? ""}>
            <Icon name="plus" />
          </Button>
        </Group>
      </FieldFrame>
    </AriaNumberField>
  );
}

interface Described {
  readonly children: ReactNode;
  /** A line below it, read with its label. */
  readonly description?: ReactNode;
}

export interface SwitchProps extends Omit<AriaSwitchProps, "className" | "style" | "children">, Described {}

/** On or off, at once. */
export function Switch({ children, description, ...rest }: SwitchProps): ReactNode {
  const id = useId();
  return (
    <div className={css["field"]}>
      <AriaSwitch {...rest} {...(description === undefined ? {} : { "aria-describedby": id })} className={css["toggle"] ?? ""}>
        <span className={css["track"]} />
        <span>{children}</span>
      </AriaSwitch>
      {description !== undefined && (
        <div id={id} className={css["description"]}>
          {description}
        </div>
      )}
    </div>
  );
}

export interface CheckboxProps extends Omit<AriaCheckboxProps, "className" | "style" | "children">, Partial<Described> {}

/** Yes or no, one of several. Without children it needs `aria-label`. */
export function Checkbox({ children, description, ...rest }: CheckboxProps): ReactNode {
  const id = useId();
  const box = (
    <AriaCheckbox {...rest} {...(description === undefined ? {} : { "aria-describedby": id })} className={css["toggle"] ?? ""}>
      {({ isSelected, isIndeterminate }) => (
        <>
          <span className={css["box"]}>{isIndeterminate ? <Icon name="minus" /> : isSelected && <Icon name="check" />}</span>
          {children !== undefined && <span>{children}</span>}
        </>
      )}
    </AriaCheckbox>
  );
  if (description === undefined) return box;
  return (
    <div className={css["field"]}>
      {box}
      <div id={id} className={css["description"]}>
        {description}
      </div>
    </div>
  );
}
