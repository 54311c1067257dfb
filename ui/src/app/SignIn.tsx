import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Problem } from "../api/problem";
import { signIn } from "../api/session";
import { Button, Form, TextField } from "../forms";
import { t } from "../i18n";
import { client } from "./queries";
import css from "./Shell.module.css";

/** No form to fill in is needed where the one-time link is; this is for who comes back, or has a key. */
export default function SignIn(): ReactNode {
  const entering = useMutation({ mutationFn: signIn, onSuccess: () => client.resetQueries() });
  const [before, after] = t("app.signInWhy", { command: "\u0000" }).split("\u0000");
  return (
    <main className={css["alone"]}>
      <img src="/ui/icon.svg" alt="" width={48} height={48} />
      <h1>{t("app.name")}</h1>
      <p>
        {before}
        <code>penstock up</code>
        {after}
      </p>
      <Form
        label={t("app.signIn")}
        problem={entering.error instanceof Problem ? entering.error : null}
        onSubmit={(values) => entering.mutate(String(values.get("key") ?? "").trim())}
      >
        <TextField name="key" type="password" label={t("app.key")} description={t("app.keyHint")} isRequired autoComplete="current-password" />
        <Button type="submit" tone="primary" isPending={entering.isPending}>
          {t("app.signIn")}
        </Button>
      </Form>
    </main>
  );
}
