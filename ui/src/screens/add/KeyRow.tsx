/** A key for what will send, made here and shown this once. */
import { useState, type ReactNode } from "react";
import { api, unwrap } from "../../api/client";
import { Problem } from "../../api/problem";
import { Button, CopyButton } from "../../forms";
import { t } from "../../i18n";
import { ErrorState } from "../../states";
import css from "./add.module.css";

export interface KeyRowProps {
  readonly name: string;
  readonly secret: string | null;
  readonly mayMake: boolean;
  readonly onMade: (secret: string) => void;
}

export function KeyRow({ name, secret, mayMake, onMade }: KeyRowProps): ReactNode {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function make(): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      const made = await unwrap(api.POST("/v1/keys", { body: { name, scopes: ["write"] } }));
      onMade(made.key ?? "");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  }

  if (secret !== null) {
    return (
      <div className={css["key"]} role="status">
        <span>
          {t("add.keyMade")} <code>{secret}</code>
        </span>
        <CopyButton text={secret} label={t("add.copyKey")} tone="normal" />
      </div>
    );
  }
  if (!mayMake) {
    return (
      <p className={css["key"]}>
        <span>
          {t("add.keyElsewhere")} <code>penstock keys create {name} --scope write</code>
        </span>
      </p>
    );
  }
  return (
    <div className={css["stack"]}>
      <div className={css["key"]}>
        <span>{t("add.keyWhy")}</span>
        {/* Not isPending: what React Aria says of it would name a button that is gone once the key is there. */}
        <Button tone="primary" isDisabled={busy} onPress={() => void make()}>
          {t("add.makeKey")}
        </Button>
      </div>
      {problem && <ErrorState isSlim problem={problem} />}
    </div>
  );
}
