import { Fragment, useState, type ReactNode } from "react";
import { ListBox, ListBoxItem, Text } from "react-aria-components";
import type { Degrees } from "../../app/settings";
import { Dialog, Tabs } from "../../forms";
import { t } from "../../i18n";
import css from "./help.module.css";
import { CLAUSES, FUNCTIONS, KEYS, MATH, SECOND, examplesFor } from "./language";
import type { Series } from "./useSeries";

interface HelpProps {
  readonly series: readonly Series[];
  readonly degrees: Degrees;
  /** An example was taken. */
  readonly onTake: (text: string) => void;
  readonly onClose: () => void;
}

/** What can be said in the language, and examples that can be taken over. */
export default function LanguageHelp({ series, degrees, onTake, onClose }: HelpProps): ReactNode {
  const [shown, show] = useState("examples");
  return (
    <Dialog title={t("explore.help.title")} isOpen onClose={onClose} size="large">
      <Tabs
        label={t("explore.help.title")}
        selected={shown}
        onSelect={show}
        items={[
          { id: "examples", label: t("explore.help.examples"), content: <Examples series={series} degrees={degrees} onTake={onTake} /> },
          { id: "clauses", label: t("explore.help.clauses"), content: <Clauses /> },
          { id: "functions", label: t("explore.help.functions"), content: <Functions /> },
        ]}
      />
    </Dialog>
  );
}

function Examples({ series, degrees, onTake }: Omit<HelpProps, "onClose">): ReactNode {
  const examples = examplesFor(series, degrees);
  return (
    <>
      <p className={css["note"]}>{t("explore.help.take")}</p>
      <ListBox
        aria-label={t("explore.help.examples")}
        autoFocus="first"
        items={examples}
        className={css["list"] ?? ""}
        onAction={(name) => onTake(examples.find((one) => one.name === name)?.text ?? "")}
      >
        {({ name, text }) => (
          <ListBoxItem id={name} textValue={t(`explore.help.example.${name}`)} className={css["example"] ?? ""}>
            <Text slot="label">{t(`explore.help.example.${name}`)}</Text>
            <Text slot="description" className={css["code"] ?? ""}>
              {text}
            </Text>
          </ListBoxItem>
        )}
      </ListBox>
    </>
  );
}

function Clauses(): ReactNode {
  return (
    <>
      <p className={css["note"]}>{t("explore.help.clausesNote")}</p>
      <dl className={css["words"]}>
        {CLAUSES.map(([name, written]) => (
          <Fragment key={name}>
            <dt>
              <code>{written}</code>
            </dt>
            <dd>{t(`explore.help.clause.${name}`, { keys: KEYS.join(", ") })}</dd>
          </Fragment>
        ))}
      </dl>
    </>
  );
}

function Functions(): ReactNode {
  return (
    <>
      <p className={css["note"]}>{t("explore.help.functionsNote")}</p>
      <dl className={css["words"]}>
        {FUNCTIONS.map(([name, others]) => (
          <Fragment key={name}>
            <dt>
              <code>{name}</code>
              {others.map((other) => (
                <code key={other} className={css["also"]}>
                  {other}
                </code>
              ))}
            </dt>
            <dd>{t(`explore.help.fn.${name}`)}</dd>
          </Fragment>
        ))}
        <dt>
          <code>mean(max(m) by room)</code>
        </dt>
        <dd>{t("explore.help.second", { names: SECOND.join(", ") })}</dd>
        <dt>
          <code>+ - * / ^ ( )</code>
        </dt>
        <dd>{t("explore.help.math", { names: MATH.join(", ") })}</dd>
        <dt>
          <code>… as name</code>
        </dt>
        <dd>{t("explore.help.as")}</dd>
      </dl>
    </>
  );
}
