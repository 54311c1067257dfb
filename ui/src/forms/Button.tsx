/** What people press. */
import { clsx } from "./clsx";
import type { ReactNode, Ref } from "react";
import { Button as AriaButton, ToggleButton as AriaToggle } from "react-aria-components";
import type { ButtonProps as AriaButtonProps, ToggleButtonProps as AriaToggleProps } from "react-aria-components";
import css from "./Button.module.css";
import { Icon, type IconName } from "./Icon";

interface Look {
  /** `primary` once per view at most; `danger` for what cannot be undone; `quiet` inside toolbars. */
  readonly tone?: "primary" | "normal" | "quiet" | "danger";
  readonly icon?: IconName;
  readonly children?: ReactNode;
  readonly className?: string;
}

export interface ButtonProps extends Omit<AriaButtonProps, "className" | "style" | "children">, Look {
  readonly ref?: Ref<HTMLButtonElement>;
}

/** A button. One with an icon alone needs `aria-label`; `isPending` keeps its place and says that work is under way. */
export function Button({ tone = "normal", icon, children, className, ...rest }: ButtonProps): ReactNode {
  return (
    <AriaButton {...rest} className={clsx(css["button"], css[tone], children === undefined && css["square"], className)}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}

export interface ToggleProps extends Omit<AriaToggleProps, "className" | "style" | "children">, Look {}

/** A button that stays pressed. */
export function Toggle({ tone = "normal", icon, children, className, ...rest }: ToggleProps): ReactNode {
  return (
    <AriaToggle {...rest} className={clsx(css["button"], css[tone], children === undefined && css["square"], className)}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </AriaToggle>
  );
}
