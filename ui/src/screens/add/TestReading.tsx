/** One reading from this page, for who has no terminal at hand; what it is refused for stands here. */
import { useState, type ReactNode } from "react";
import { api, unwrap } from "../../api/client";
import { Problem } from "../../api/problem";
import { Form, NumberField, Button } from "../../forms";
import { fmt, t } from "../../i18n";
import css from "./add.module.css";
import { sourceOf, type Naming } from "./snippets";

export function TestReading({ naming }: { naming: Naming }): ReactNode {
  const [value, setValue] = useState(21.5);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function send(): Promise<void> {
    const { site, sensor, metric, unit } = naming;
    setBusy(true);
    setProblem(null);
    try {
      const row = { site_id: site, sensor_id: sensor, metric, value, ts: Date.now(), ...(unit ? { unit } : {}) };
      await unwrap(api.POST("/v1/readings", { body: row, headers: { "x-penstock-source": sourceOf(sensor) } }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      setProblem(error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Form label={t("add.test")} problem={problem} onSubmit={() => void send()}>
      <div className={css["test"]}>
        <NumberField label={t("add.testValue")} value={value} onChange={setValue} {...(naming.unit ? { unit: fmt.unit(naming.unit) } : {})} />
        <Button type="submit" isPending={busy}>
          {t("add.test")}
        </Button>
      </div>
    </Form>
  );
}
