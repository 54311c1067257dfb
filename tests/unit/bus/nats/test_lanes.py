import pytest

from penstock.bus import Lane
from penstock.bus.nats import NatsConfig
from penstock.bus.nats.lanes import broker_error
from penstock.model.errors import Backpressure, PenstockError, TooLarge, Unavailable

CONFIG = NatsConfig("nats://a:1", max_bytes=77_000)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"err_code": 10077, "description": "maximum bytes exceeded"}, Backpressure),
        ({"err_code": 10077, "description": "maximum messages exceeded"}, Backpressure),
        ({"err_code": 10077, "description": "write 1.blk: no space left on device"}, Backpressure),
        ({"err_code": 10023, "description": "insufficient resources"}, Backpressure),
        ({"err_code": 10047, "description": "insufficient storage resources available"}, Backpressure),
        ({"err_code": 10002, "description": "resource limits exceeded for account"}, Backpressure),
        ({"err_code": 10054, "description": "message size exceeds maximum allowed"}, TooLarge),
        ({"err_code": 10097, "description": "header size exceeds maximum allowed of 64k"}, TooLarge),
        ({"err_code": 10077, "description": "raft: not leader"}, Unavailable),
        ({"code": 503, "err_code": 10008, "description": "JetStream system temporarily unavailable"}, Unavailable),
        ({}, Unavailable),
    ],
)
def test_what_a_negative_acknowledgement_means(error: dict[str, object], kind: type[PenstockError]) -> None:
    meant = broker_error(Lane.READINGS, error, CONFIG)
    assert type(meant) is kind
    assert str(error.get("description", "")) in meant.detail


def test_a_full_lane_names_its_limit() -> None:
    meant = broker_error(Lane.EVENTS, {"err_code": 10077, "description": "maximum bytes exceeded"}, CONFIG)
    assert "events lane" in meant.detail
    assert "77000 bytes" in meant.detail
