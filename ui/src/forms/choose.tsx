/** Fields that choose: from a few (`Choice`), from a list (`Select`), from many (`Combo`). */
import type { ReactNode } from "react";
import {
  Button,
  ComboBox,
  Group,
  Input,
  ListBox,
  ListBoxItem,
  Popover,
  Radio,
  RadioGroup,
  Select as AriaSelect,
  SelectValue,
  Text,
} from "react-aria-components";
import { t } from "../i18n";
import { clsx } from "./clsx";
import { FieldFrame, type FieldProps } from "./Field";
import css from "./Field.module.css";
import { Icon } from "./Icon";
import list from "./List.module.css";
import { useOptions, type LoadOptions } from "./useOptions";

/** One thing to choose. */
export interface Option {
  readonly value: string;
  readonly label: string;
  /** A second line that helps to tell it from others. */
  readonly detail?: string;
  readonly isDisabled?: boolean;
}

/** `id` repeats the option's value: React Aria knows the items of a list that changes by it, before they are rendered. */
function OptionItem({ id, option }: { id: string; option: Option }): ReactNode {
  return (
    <ListBoxItem
      id={id}
      textValue={option.label}
      isDisabled={option.isDisabled ?? false}
      className={list["item"] ?? ""}
    >
      <Text slot="label" className={list["label"] ?? ""}>
        {option.label}
      </Text>
      {option.detail !== undefined && (
        <Text slot="description" className={list["detail"] ?? ""}>
          {option.detail}
        </Text>
      )}
    </ListBoxItem>
  );
}

interface Chooses extends FieldProps {
  readonly value: string | null;
  readonly onChange: (value: string) => void;
  readonly name?: string;
  readonly isRequired?: boolean;
  readonly isDisabled?: boolean;
}

export interface SelectProps extends Chooses {
  readonly options: readonly Option[];
  readonly placeholder?: string;
}

/** One of a list that everybody can overlook. */
export function Select({ label, description, help, errorMessage, options, value, onChange, placeholder, ...rest }: SelectProps): ReactNode {
  return (
    <AriaSelect
      {...rest}
      value={value}
      onChange={(key) => key !== null && onChange(String(key))}
      placeholder={placeholder ?? t("forms.choose")}
      className={css["field"] ?? ""}
    >
      <FieldFrame label={label} description={description} help={help} errorMessage={errorMessage}>
        <Button className={clsx(css["input"], css["select"])}>
          <SelectValue className={css["value"] ?? ""} />
          <Icon name="down" />
        </Button>
      </FieldFrame>
      <Popover className={list["popover"] ?? ""}>
        <ListBox items={options} className={list["list"] ?? ""}>
          {(option) => <OptionItem id={option.value} option={option} />}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

export interface ComboProps extends Chooses {
  /** All there is, filtered here while somebody types; or a function that asks the platform. */
  readonly options: readonly Option[] | LoadOptions;
  readonly placeholder?: string;
  /** Takes what was typed although no option says it. */
  readonly isOpenEnded?: boolean;
}

/** One of many: typing narrows them down. */
export function Combo({
  label,
  description,
  help,
  errorMessage,
  options,
  value,
  onChange,
  placeholder,
  isOpenEnded = false,
  ...rest
}: ComboProps): ReactNode {
  const { shown, text, isTyped, setText, choose, reset, state } = useOptions(options, value);
  // React Aria tells of a text that is no option only where another one was chosen before.
  const take = () => {
    if (!isOpenEnded) reset();
    else if (isTyped && text !== (value ?? "")) onChange(shown.find((option) => option.label === text)?.value ?? text);
  };
  const empty = state === "loading" ? t("forms.loading") : state === "failed" ? t("forms.loadFailed") : t("forms.noMatch");
  return (
    <ComboBox
      {...rest}
      items={shown}
      inputValue={text}
      onInputChange={setText}
      value={value}
      onChange={(key) => {
        // The input's text is kept here as well, so it is for us to make it say what was chosen.
        if (key !== null) {
          choose(String(key));
          onChange(String(key));
        }
      }}
      onBlur={take}
      allowsCustomValue={isOpenEnded}
      allowsEmptyCollection
      className={css["field"] ?? ""}
    >
      <FieldFrame label={label} description={description} help={help} errorMessage={errorMessage}>
        <Group className={css["group"] ?? ""}>
          <Input
            className={css["input"] ?? ""}
            {...(placeholder === undefined ? {} : { placeholder })}
            onKeyDown={(event) => {
              if (event.key === "Enter" && isOpenEnded && !event.currentTarget.hasAttribute("aria-activedescendant")) take();
            }}
          />
          <Button className={css["step"] ?? ""}>
            <Icon name="down" />
          </Button>
        </Group>
      </FieldFrame>
      <Popover className={list["popover"] ?? ""}>
        <ListBox<Option> className={list["list"] ?? ""} renderEmptyState={() => <div className={list["empty"]}>{empty}</div>}>
          {(option) => <OptionItem id={option.value} option={option} />}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}

export interface ChoiceProps extends Chooses {
  readonly options: readonly Option[];
}

/** One of two to five, all in sight. */
export function Choice({ label, description, help, errorMessage, options, value, onChange, ...rest }: ChoiceProps): ReactNode {
  return (
    <RadioGroup {...rest} value={value} onChange={onChange} className={css["field"] ?? ""}>
      <FieldFrame label={label} description={description} help={help} errorMessage={errorMessage}>
        <div className={css["segments"]}>
          {options.map((option) => (
            <Radio
              key={option.value}
              value={option.value}
              isDisabled={option.isDisabled ?? false}
              className={css["segment"] ?? ""}
            >
              {option.label}
              {option.detail !== undefined && <span className={css["fine"]}>{option.detail}</span>}
            </Radio>
          ))}
        </div>
      </FieldFrame>
    </RadioGroup>
  );
}
