/** Words for what is not quite a measured value. */

import type { ReactNode } from "react";

import { Badge } from "../states";
import type { Truth } from "./types";

export function TruthBadges({ truth, estimated }: { truth: Truth | undefined; estimated: boolean }): ReactNode {
  return (
    <>
      {truth?.downsampled === true && <Badge kind="downsampled" />}
      {estimated && <Badge kind="estimated" />}
    </>
  );
}
