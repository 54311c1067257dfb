/** What opens above the page: dialogs, and panels that are popovers on a desk and sheets on a phone. */
import { createContext, useContext, type ReactNode } from "react";
import {
  Dialog as AriaDialog,
  DialogTrigger,
  Heading,
  Modal,
  ModalOverlay,
  Popover,
} from "react-aria-components";
import { t } from "../i18n";
import { Button } from "./Button";
import { clsx } from "./clsx";
import css from "./Overlay.module.css";
import { PHONE, useMedia } from "./useMedia";

export interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Buttons at the bottom; they stay in sight while the content scrolls. */
  readonly footer?: ReactNode;
  /** `alertdialog` for questions that must be answered before anything else. */
  readonly role?: "dialog" | "alertdialog";
  readonly size?: "small" | "large";
}

/** A dialog in the middle of the screen; up to 640 px a sheet from below. Escape and a click outside close it. */
export function Dialog({ title, isOpen, onClose, children, footer, role = "dialog", size = "small" }: DialogProps): ReactNode {
  return (
    <ModalOverlay
      isOpen={isOpen}
      onOpenChange={(open) => !open && onClose()}
      isDismissable={role === "dialog"}
      className={css["overlay"] ?? ""}
    >
      <Modal className={clsx(css["modal"], css[size])}>
        <AriaDialog role={role} className={css["dialog"] ?? ""}>
          <Head title={title} onClose={onClose} />
          <div className={css["body"]}>{children}</div>
          {footer !== undefined && <div className={css["foot"]}>{footer}</div>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** A dialog under its other name, for content that is a panel more than a question. */
export const Sheet = Dialog;

function Head({ title, onClose }: { title: string; onClose: () => void }): ReactNode {
  return (
    <div className={css["head"]}>
      <Heading slot="title" className={css["title"] ?? ""}>
        {title}
      </Heading>
      <Button tone="quiet" icon="close" aria-label={t("forms.close")} onPress={onClose} />
    </div>
  );
}

export interface ConfirmProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  /** What the button does, in one or two words: "Delete site". */
  readonly action: string;
  readonly tone?: "primary" | "danger";
  readonly isPending?: boolean;
  readonly children: ReactNode;
}

/** A question before something that cannot be undone. */
export function Confirm({ title, isOpen, onClose, onConfirm, action, tone = "danger", isPending = false, children }: ConfirmProps): ReactNode {
  return (
    <Dialog
      title={title}
      isOpen={isOpen}
      onClose={onClose}
      role="alertdialog"
      footer={
        <>
          <Button onPress={onClose}>{t("forms.cancel")}</Button>
          <Button tone={tone} isPending={isPending} onPress={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  );
}

const Close = createContext<() => void>(() => undefined);

/** Closes the panel that this is in. */
export function useClosePanel(): () => void {
  return useContext(Close);
}

export interface PopoverPanelProps {
  readonly title: string;
  /** The button that opens it. */
  readonly trigger: ReactNode;
  readonly children: ReactNode;
}

/** A panel beside its button; up to 640 px a sheet from below. Its content is made when it opens. */
export function PopoverPanel({ title, trigger, children }: PopoverPanelProps): ReactNode {
  const phone = useMedia(PHONE);
  const dialog = (
    <AriaDialog {...(phone ? {} : { "aria-label": title })} className={css["dialog"] ?? ""}>
      {({ close }) => (
        <Close value={close}>
          {phone && <Head title={title} onClose={close} />}
          <div className={css["body"]}>{children}</div>
        </Close>
      )}
    </AriaDialog>
  );
  return (
    <DialogTrigger>
      {trigger}
      {phone ? (
        <ModalOverlay isDismissable className={css["overlay"] ?? ""}>
          <Modal className={clsx(css["modal"], css["large"])}>{dialog}</Modal>
        </ModalOverlay>
      ) : (
        <Popover className={css["popover"] ?? ""} placement="bottom end">
          {dialog}
        </Popover>
      )}
    </DialogTrigger>
  );
}
