/** What went wrong, where, and what to do: in words, with the request's id for whoever looks into it. */
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Problem } from "../api/problem";
import { Button } from "../forms/Button";
import { CopyButton } from "../forms/CopyButton";
import { Icon } from "../forms/Icon";
import { fmt, t } from "../i18n";
import { useNow } from "../time/clock";
import { SECOND } from "../time/zone";
import { secondsLeft } from "./staleness";
import css from "./states.module.css";

export interface ErrorStateProps {
  readonly problem: unknown;
  /** Asks again; without it there is no such button. */
  readonly retry?: (() => void) | undefined;
  /** One line, for a panel that still shows what it had. */
  readonly isSlim?: boolean;
}

/** A problem of the platform, or any other error. After a 429 Retry counts down until it may be pressed. */
export function ErrorState({ problem, retry, isSlim = false }: ErrorStateProps): ReactNode {
  const { title, detail, hint, requestId, waits } = wordsOf(problem);
  return (
    <div role="alert" className={isSlim ? css["slim"] : css["error"]}>
      <Icon name="error" size={isSlim ? 16 : 24} />
      <div className={css["errorText"]}>
        <p className={css["why"]}>{title}</p>
        {detail !== "" && <p>{detail}</p>}
        {hint !== undefined && <p className={css["soft"]}>{hint}</p>}
        {requestId !== undefined && !isSlim && (
          <p className={css["request"]}>
            {t("states.request")} <code>{requestId}</code>
            <CopyButton iconOnly text={requestId} label={t("states.copyRequest")} />
          </p>
        )}
      </div>
      {retry !== undefined && (waits === undefined ? <Retry retry={retry} /> : <LaterRetry key={String(waits)} problem={problem} waits={waits} retry={retry} />)}
    </div>
  );
}

interface Words {
  readonly title: string;
  readonly detail: string;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  /** How long the platform wants to be left alone, ms. */
  readonly waits: number | undefined;
}

function wordsOf(problem: unknown): Words {
  if (!(problem instanceof Problem)) {
    const detail = problem instanceof Error ? problem.message : String(problem);
    return { title: t("states.failed"), detail, hint: undefined, requestId: undefined, waits: undefined };
  }
  if (problem.status === 0) {
    return { title: t("states.unreachable"), detail: t("states.unreachableDetail"), hint: undefined, requestId: undefined, waits: undefined };
  }
  const { title, detail, hint, requestId, retryAfterMs } = problem;
  return { title: title || t("states.failed"), detail: detail === title ? "" : detail, hint, requestId, waits: retryAfterMs };
}

function Retry({ retry, left = 0 }: { retry: () => void; left?: number }): ReactNode {
  return (
    <Button icon="retry" isDisabled={left > 0} onPress={retry} className={css["retry"] ?? ""}>
      {left > 0 ? t("states.retryIn", { n: fmt.count(left) }) : t("states.retry")}
    </Button>
  );
}

/** Retry, once the time that the platform asked for is over. */
function LaterRetry({ problem, waits, retry }: { problem: unknown; waits: number; retry: () => void }): ReactNode {
  const [refusedAt, setRefusedAt] = useState(() => Date.now());
  const seen = useRef(problem);
  useEffect(() => {
    if (seen.current === problem) return;
    seen.current = problem;
    setRefusedAt(Date.now());
  }, [problem]);
  return <Retry retry={retry} left={secondsLeft(refusedAt, waits, useNow(SECOND))} />;
}
