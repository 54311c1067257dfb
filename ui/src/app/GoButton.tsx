import type { ReactNode } from "react";
import { clsx } from "../forms";
import button from "../forms/Button.module.css";
import { Go, type GoProps } from "./Go";

/** A link that looks like a button: the one thing to do where there is nothing yet. */
export function GoButton({ tone = "primary", ...rest }: Omit<GoProps, "className"> & { tone?: "primary" | "normal" }): ReactNode {
  return <Go {...rest} className={clsx(button["button"], button[tone])} />;
}
