"""What the commit loop of one lane has done, for metrics and for who watches the pipeline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from penstock.model.recent import Spans, Tally

__all__ = ["LaneStats"]


@dataclass(slots=True)
class LaneStats:
    """What a lane's loop has done since it started; `as_of` is epoch ms, see `Runner.as_of`.

    rows  committed
    lag   from a frame's admission at the door to its commit
    """

    frames: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    failures: int = 0
    redelivered: int = 0
    dead_letters: int = 0
    as_of: int = 0
    rows: Tally = field(default_factory=Tally)
    lag: Spans = field(default_factory=Spans)

    def told(self) -> dict[str, Any]:
        """As plain numbers: rates in rows per second, `lag` in ms, null where nothing was committed in the last minute."""
        return {
            "rows": self.rows.total,
            "rate_10s": self.rows.rate(10),
            "rate_60s": self.rows.rate(60),
            "lag_p50_ms": self.lag.quantile(0.5),
            "lag_p95_ms": self.lag.quantile(0.95),
            "frames": self.frames,
            "commits": self.commits,
            "failures": self.failures,
            "redelivered": self.redelivered,
            "dead_letters": self.dead_letters,
            "as_of": self.as_of,
        }
