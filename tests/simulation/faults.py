"""What may go wrong in a world, and how often."""

import random
from dataclasses import dataclass

FAULTS = (
    "publish_lost",  # a message never reaches the broker
    "puback_lost",  # a message is stored, its publisher never hears of it
    "ack_lost",  # a consumer's ack never arrives, silently or with an error
    "heartbeat_lost",
    "delivery_lost",  # handed out by the broker, never received
    "redelivery_reordered",
    "slow_wire",
    "small_lane",  # the lane is full long before the clients are done
    "short_window",  # the broker forgets message ids quickly
    "disconnect",
    "power_cut",  # the broker loses what it had not synced
    "edge_crash",
    "edge_restart",
    "core_crash",
    "core_restart",
    "store_fails_before",  # Unavailable, nothing committed
    "store_fails_after",  # Unavailable, everything committed
    "store_slow",
    "store_away",
    "clock_skew",
    "clock_jump",
    "client_leaves",  # hangs up before its answer
    "answer_lost",
    "other_edge",  # a retry goes to another edge
    "garbage",  # what is on the bus is no frame
    "ready_order",  # tasks that are ready run in any order
)


@dataclass(frozen=True)
class Plan:
    """One world, drawn from its seed. Times are virtual seconds."""

    faults: frozenset[str]
    edges: int
    clients: int
    requests: int
    ack_wait: float
    heartbeat: float
    lane_bytes: int
    window: float
    gate_bytes: int
    frame_rows: int
    calm: float

    @classmethod
    def draw(cls, rng: random.Random) -> "Plan":
        share = rng.choice((0.0, 0.15, 0.3, 0.5, 0.8))
        faults = frozenset(name for name in FAULTS if rng.random() < share)
        ack_wait = rng.choice((2.0, 6.0))
        return cls(
            faults=faults,
            edges=rng.choice((1, 1, 2, 3)),
            clients=rng.randint(1, 5),
            requests=rng.randint(1, 8),
            ack_wait=ack_wait,
            heartbeat=ack_wait / 4,
            lane_bytes=rng.choice((6_000, 20_000)) if "small_lane" in faults else 1 << 22,
            window=rng.choice((0.0, 1.0)) if "short_window" in faults else 120.0,
            gate_bytes=rng.choice((1_200, 4_000, 1 << 20)),
            frame_rows=rng.choice((8, 16, 64)),
            calm=rng.choice((2.0, 6.0, 20.0)),
        )

    def __contains__(self, fault: str) -> bool:
        return fault in self.faults
