/** A button with a list of actions behind it. */
import type { ReactNode } from "react";
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover, Text } from "react-aria-components";
import { Button, type ButtonProps } from "./Button";
import { clsx } from "./clsx";
import { Icon, type IconName } from "./Icon";
import css from "./List.module.css";

/** One action of a menu. */
export interface Action {
  readonly id: string;
  readonly label: string;
  readonly run: () => void;
  readonly detail?: string;
  readonly icon?: IconName;
  readonly tone?: "danger";
  readonly isDisabled?: boolean;
}

export interface MenuProps extends Pick<ButtonProps, "tone" | "icon" | "isDisabled" | "className"> {
  /** What the button says, or is called when it shows its icon alone. */
  readonly label: string;
  readonly iconOnly?: boolean;
  readonly items: readonly Action[];
}

export function Menu({ label, iconOnly = false, items, icon = "more", ...button }: MenuProps): ReactNode {
  return (
    <MenuTrigger>
      <Button icon={icon} {...button} {...(iconOnly ? { "aria-label": label } : { children: label })} />
      <Popover className={css["popover"] ?? ""}>
        <AriaMenu items={items} className={css["list"] ?? ""}>
          {(item) => (
            <MenuItem
              textValue={item.label}
              isDisabled={item.isDisabled ?? false}
              onAction={item.run}
              className={clsx(css["item"], item.tone === "danger" && css["danger"])}
            >
              {item.icon !== undefined && <Icon name={item.icon} />}
              <Text slot="label" className={css["label"] ?? ""}>
                {item.label}
              </Text>
              {item.detail !== undefined && (
                <Text slot="description" className={css["detail"] ?? ""}>
                  {item.detail}
                </Text>
              )}
            </MenuItem>
          )}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
