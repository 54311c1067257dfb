/** A line across the screen: live is paused, there is no network, this is demo data. */
import type { ReactNode } from "react";
import { clsx } from "../forms/clsx";
import { Icon, type IconName } from "../forms/Icon";
import { t } from "../i18n";
import { Age } from "./Age";
import css from "./states.module.css";
import { useOnline } from "./useOnline";

export interface BannerProps {
  readonly tone?: "normal" | "warn" | "bad";
  readonly icon?: IconName;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
}

/** Said once to screen readers when it appears; it does not take the focus. */
export function Banner({ tone = "normal", icon = tone === "normal" ? "info" : "warning", children, actions }: BannerProps): ReactNode {
  return (
    <div role="status" className={clsx(css["banner"], css[`banner-${tone}`])}>
      <Icon name={icon} />
      <div className={css["bannerText"]}>{children}</div>
      {actions}
    </div>
  );
}

/** What the connection is to whoever watches: no network, or live values that have stopped. Nothing while all is well. */
export function LinkBanner({ pausedSince }: { pausedSince: number | undefined }): ReactNode {
  const online = useOnline();
  if (!online) {
    return (
      <Banner tone="warn" icon="offline">
        {t("states.offline")}
      </Banner>
    );
  }
  if (pausedSince === undefined) return null;
  return (
    <Banner tone="warn" icon="clock">
      {/* The age changes every second and is not said again each time. */}
      {t("states.livePaused")} <span aria-live="off"><Age ts={pausedSince} /></span>
    </Banner>
  );
}
