/** Links between screens: the range of time goes along, a screen's own parameters do not. */
import { Link, useNavigate, type LinkProps } from "@tanstack/react-router";
import { useCallback, type AriaAttributes, type ReactNode } from "react";

const KEPT = ["from", "to", "live", "tz"];

type Search = Record<string, unknown>;
export type Params = Readonly<Record<string, string>>;

function kept(before: Search, more: Search | undefined): Search {
  const range = Object.fromEntries(KEPT.filter((name) => before[name] !== undefined).map((name) => [name, before[name]]));
  return { ...range, ...more };
}

export interface GoProps extends AriaAttributes {
  /** Such as `/sites/$site`. */
  to: string;
  params?: Params;
  search?: Search;
  className?: string | undefined;
  activeClassName?: string | undefined;
  title?: string;
  onClick?: () => void;
  children: ReactNode;
}

export function Go({ to, params, search, className, activeClassName, children, ...rest }: GoProps): ReactNode {
  const props = {
    ...rest,
    to,
    ...(params ? { params } : {}),
    search: (before: Search) => kept(before, search),
    className,
    activeProps: { className: [className, activeClassName].filter(Boolean).join(" "), "aria-current": "page" },
    activeOptions: { includeSearch: false },
  } as unknown as LinkProps;
  return <Link {...props}>{children}</Link>;
}

/** Go to a screen from code, as `Go` does. */
export function useGo(): (to: string, params?: Params, search?: Search) => void {
  const navigate = useNavigate();
  return useCallback(
    (to, params, search) => {
      const where = { to, ...(params ? { params } : {}), search: (before: Search) => kept(before, search) };
      void navigate(where as unknown as Parameters<typeof navigate>[0]);
    },
    [navigate],
  );
}
