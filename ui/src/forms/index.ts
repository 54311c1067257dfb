/** What people press, fill in and open: thin over React Aria, in the look of this app. */
export { Button, Toggle, type ButtonProps, type ToggleProps } from "./Button";
export { Choice, Combo, Select, type ChoiceProps, type ComboProps, type Option, type SelectProps } from "./choose";
export { clsx } from "./clsx";
export { copyText } from "./copy";
export { CopyButton, type CopyButtonProps } from "./CopyButton";
export { Help } from "./Field";
export { Checkbox, NumberField, Switch, TextField } from "./fields";
export type { CheckboxProps, NumberFieldProps, SwitchProps, TextFieldProps } from "./fields";
export { FileDrop, type FileDropProps } from "./FileDrop";
export { Form, FormActions, type FormProps } from "./Form";
export { Icon, type IconName } from "./Icon";
export { Menu, type Action, type MenuProps } from "./Menu";
export { Confirm, Dialog, PopoverPanel, Sheet, useClosePanel } from "./Overlay";
export type { ConfirmProps, DialogProps, PopoverPanelProps } from "./Overlay";
export { Tabs, type TabItem, type TabsProps } from "./Tabs";
export { toast, Toasts, type ToastMessage } from "./Toast";
export { PHONE, useMedia } from "./useMedia";
export type { LoadOptions } from "./useOptions";
