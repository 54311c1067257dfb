import pytest

from penstock.bus.nats import NatsConfig
from penstock.model.errors import Misconfigured


def test_several_servers_are_separated_by_commas() -> None:
    assert NatsConfig("nats://a:1, tls://b:2").servers == ["nats://a:1", "tls://b:2"]


def test_the_password_is_not_shown() -> None:
    assert "s3cret" not in repr(NatsConfig("nats://a:1", user="u", password="s3cret"))


@pytest.mark.parametrize("url", ["", "http://a:1", "nats://a:1,b:2"])
def test_a_url_that_is_not_of_nats_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="url"):
        NatsConfig(url)


@pytest.mark.parametrize(
    "settings",
    [
        {"max_bytes": 0},
        {"max_messages": 0},
        {"ack_wait": 0.0},
        {"max_ack_pending": 0},
        {"replicas": 0},
        {"replicas": 6},
    ],
)
def test_values_that_cannot_work_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(Misconfigured):
        NatsConfig("nats://a:1", **settings)
