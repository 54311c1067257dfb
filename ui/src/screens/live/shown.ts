/** Values as people read them: temperatures in their unit, shares in per cent. */
import { useMemo } from "react";
import { inDegrees, unitFor } from "../../app/degrees";
import { useSettings } from "../../app/settings";
import { fmt } from "../../i18n";

interface Measured {
  readonly metric: string;
  readonly unit: string;
}

/** Metrics whose unit 1 means a share of a whole. */
const SHARES = new Set(["soc", "soh"]);

const isShare = ({ metric, unit }: Measured): boolean => unit === "1" && SHARES.has(metric);

export interface Shown {
  unit: (of: Measured) => string;
  value: (value: number | null, of: Measured) => number | null;
  write: (value: number | null | undefined, of: Measured) => string;
}

export function useShown(): Shown {
  const { degrees } = useSettings();
  return useMemo(() => {
    const unit = (of: Measured) => (isShare(of) ? "%" : (unitFor(of.unit, degrees) ?? ""));
    const value = (of: number | null, what: Measured) => (of === null ? null : isShare(what) ? of * 100 : what.unit === "K" ? inDegrees(of, degrees) : of);
    return { unit, value, write: (of, what) => (what.unit === "K" || isShare(what) ? fmt.fixed : fmt.number)(value(of ?? null, what), unit(what), what.unit === "K" || isShare(what) ? 1 : undefined) };
  }, [degrees]);
}
