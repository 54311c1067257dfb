import type { ReactNode } from "react";
import { Dialog } from "../forms";
import { t } from "../i18n";
import css from "./Palette.module.css";
import { SCREENS } from "./screens";

/** What the keyboard can do everywhere. */
export default function KeysHelp({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Dialog title={t("app.keysTitle")} isOpen onClose={onClose}>
      <dl className={css["keys"]}>
        <dt>
          <kbd>Ctrl</kbd> <kbd>K</kbd>
        </dt>
        <dd>{t("app.keysPalette")}</dd>
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>{t("app.keysHelp")}</dd>
        <dt>
          <kbd>F1</kbd>
        </dt>
        <dd>{t("app.keysLanguage")}</dd>
        {SCREENS.map((screen) => (
          <div key={screen.id}>
            <dt>
              <kbd>g</kbd> <kbd>{screen.key}</kbd>
            </dt>
            <dd>{t("app.keysGo", { screen: t(screen.label) })}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
