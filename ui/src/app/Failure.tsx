import { useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Button } from "../forms";
import { t } from "../i18n";
import { Empty, ErrorState } from "../states";
import { BadRange } from "../time";
import { useGo } from "./Go";
import css from "./Shell.module.css";

/** A page that cannot be shown: a link that is wrong, or a fault of ours; the rest of the app goes on. */
export function Failure({ error, reset }: { error: unknown; reset?: () => void }): ReactNode {
  const router = useRouter();
  const bad = error instanceof BadRange;
  return (
    <main className={css["alone"]}>
      <h1>{bad ? t("app.badLink") : t("app.failed")}</h1>
      <ErrorState
        problem={error}
        retry={() => {
          if (bad) location.assign(location.pathname);
          else {
            reset?.();
            void router.invalidate();
          }
        }}
      />
    </main>
  );
}

export function NotFound(): ReactNode {
  const go = useGo();
  return (
    <div className={css["alone"]}>
      <h1>{t("app.notFound")}</h1>
      <Empty why={t("app.notFoundWhy", { path: location.pathname })} action={<Button tone="primary" onPress={() => go("/")}>{t("app.toStart")}</Button>} />
    </div>
  );
}
