/** A form whose errors stand where they belong: at their field, and above it those that have none. */
import { useLayoutEffect, useMemo, useRef, useState, type FormEvent, type ReactNode } from "react";
import { Form as AriaForm } from "react-aria-components";
import type { Problem } from "../api/problem";
import css from "./Field.module.css";
import { Icon } from "./Icon";
import { byField } from "./problemFields";

export interface FormProps {
  /** Names the form for screen readers where no heading does. */
  readonly label?: string;
  /** What the platform refused last time. Fields keep what was typed. */
  readonly problem?: Problem | null;
  readonly onSubmit: (values: FormData) => void;
  readonly children: ReactNode;
}

/** Fields with `name`s, and buttons. Enter submits; the first field with an error is focused. */
export function Form({ label, problem, onSubmit, children }: FormProps): ReactNode {
  const form = useRef<HTMLFormElement>(null);
  const errors = useMemo(() => byField(problem?.errors ?? []), [problem]);
  const [homeless, setHomeless] = useState<readonly string[]>([]);

  useLayoutEffect(() => {
    const names = new Set([...(form.current?.elements ?? [])].map((element) => element.getAttribute("name")));
    setHomeless(Object.entries(errors).flatMap(([name, details]) => (names.has(name) ? [] : details)));
  }, [errors]);

  return (
    <AriaForm
      ref={form}
      {...(label === undefined ? {} : { "aria-label": label })}
      className={css["form"] ?? ""}
      validationErrors={errors}
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        onSubmit(new FormData(event.currentTarget));
      }}
    >
      {problem != null && (
        <div role="alert" className={css["refusal"]}>
          <Icon name="error" />
          <div>
            <strong>{problem.title}</strong>
            {problem.detail !== "" && <p>{problem.detail}</p>}
            {homeless.map((detail) => detail !== problem.detail && <p key={detail}>{detail}</p>)}
            {problem.hint && <p>{problem.hint}</p>}
          </div>
        </div>
      )}
      {children}
    </AriaForm>
  );
}

/** The buttons at the end of a form. */
export function FormActions({ children }: { children: ReactNode }): ReactNode {
  return <div className={css["actions"]}>{children}</div>;
}
