/** Short messages about what was just done. What must not be missed is shown where it happened instead. */
import type { ReactNode } from "react";
import {
  Text,
  UNSTABLE_Toast as AriaToast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastQueue as ToastQueue,
  UNSTABLE_ToastRegion as ToastRegion,
} from "react-aria-components";
import { t } from "../i18n";
import { Button } from "./Button";
import { clsx } from "./clsx";
import { Icon } from "./Icon";
import css from "./Toast.module.css";

export interface ToastMessage {
  readonly title: string;
  readonly detail?: string;
  readonly tone?: "normal" | "bad";
  /** One thing to do about it: undo, open. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

const queue = new ToastQueue<ToastMessage>({ maxVisibleToasts: 3 });
/** Long enough to read twice. What failed or offers an action stays until it is closed (WCAG 2.2.1). */
const SHOWN_MS = 6_000;

/** Say something; the result takes it away again. */
export function toast(message: ToastMessage): () => void {
  const stays = message.tone === "bad" || message.action !== undefined;
  const key = queue.add(message, stays ? {} : { timeout: SHOWN_MS });
  return () => queue.close(key);
}

/** Where toasts appear: once, at the root of the app. F6 leads to it. */
export function Toasts(): ReactNode {
  return (
    <ToastRegion queue={queue} aria-label={t("forms.messages")} className={css["region"] ?? ""}>
      {({ toast: { key, content, ...rest } }) => (
        <AriaToast toast={{ key, content, ...rest }} className={clsx(css["toast"], content.tone === "bad" && css["bad"])}>
          <Icon name={content.tone === "bad" ? "error" : "check"} />
          <ToastContent className={css["content"] ?? ""}>
            <Text slot="title">{content.title}</Text>
            {content.detail !== undefined && <Text slot="description">{content.detail}</Text>}
          </ToastContent>
          {content.action !== undefined && (
            <Button
              tone="quiet"
              onPress={() => {
                content.action?.run();
                queue.close(key);
              }}
            >
              {content.action.label}
            </Button>
          )}
          <Button slot="close" tone="quiet" icon="close" aria-label={t("forms.close")} />
        </AriaToast>
      )}
    </ToastRegion>
  );
}
