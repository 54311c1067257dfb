/** A button that copies, and says whether it did. */
import { useEffect, useState, type ReactNode } from "react";
import { t } from "../i18n";
import { Button, type ButtonProps } from "./Button";
import { copyText } from "./copy";
import css from "./Button.module.css";

export interface CopyButtonProps extends Pick<ButtonProps, "tone" | "className"> {
  /** What is copied, or what makes it when the button is pressed. */
  readonly text: string | (() => string);
  /** What the button says: "Copy as curl". */
  readonly label?: string;
  /** Shows the icon alone; the label is then its name. */
  readonly iconOnly?: boolean;
}

const SHOWN_MS = 2_000;

export function CopyButton({ text, label = t("forms.copy"), iconOnly = false, tone = "quiet", ...rest }: CopyButtonProps): ReactNode {
  const [done, setDone] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (done === null) return;
    const timer = setTimeout(() => setDone(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);

  const said = done === null ? "" : done === "copied" ? t("forms.copied") : t("forms.copyFailed");
  return (
    <>
      <Button
        {...rest}
        tone={tone}
        icon={done === "copied" ? "check" : done === "failed" ? "error" : "copy"}
        onPress={() => {
          void copyText(typeof text === "string" ? text : text()).then((copied) => setDone(copied ? "copied" : "failed"));
        }}
        {...(iconOnly ? { "aria-label": label } : {})}
      >
        {iconOnly ? undefined : (
          // Both texts hold their place, so the button does not change its width.
          <span className={css["swap"]}>
            <span data-hidden={done !== null || undefined}>{label}</span>
            <span aria-hidden="true" data-hidden={done === null || undefined}>
              {done === "failed" ? t("forms.copyFailed") : t("forms.copied")}
            </span>
          </span>
        )}
      </Button>
      <span role="status" className="visually-hidden">
        {said}
      </span>
    </>
  );
}
