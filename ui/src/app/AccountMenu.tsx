import type { ReactNode } from "react";
import { signOut, useMe } from "../api/session";
import { Menu } from "../forms";
import { t } from "../i18n";
import { useGo } from "./Go";
import { client } from "./queries";

/** Who is signed in, and the way out. */
export function AccountMenu(): ReactNode {
  const me = useMe();
  const go = useGo();
  const tenant = me.data?.tenant ?? "…";
  return (
    <Menu
      label={t("app.account")}
      iconOnly
      tone="quiet"
      items={[
        { id: "settings", label: t("app.settings"), detail: t("app.signedInTo", { tenant }), run: () => go("/settings") },
        { id: "docs", label: t("app.docs"), run: () => location.assign("/docs") },
        { id: "graphiql", label: t("app.graphiql"), run: () => location.assign("/graphiql") },
        {
          id: "out",
          label: t("app.signOut"),
          run: () =>
            void signOut().then(() => {
              client.clear();
              location.assign("/ui/");
            }),
        },
      ]}
    />
  );
}
