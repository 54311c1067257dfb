import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from penstock.bus.nats import NatsConfig
from penstock.bus.nats.connection import Connection, status_of
from penstock.bus.nats.consumer import NatsDelivery


def message(reply: str = "", data: bytes = b"", headers: dict[str, str] | None = None) -> Msg:
    return Msg(Client(), subject="penstock.v1.readings.acme", reply=reply, data=data, headers=headers)


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.PENSTOCK_READINGS.process.3.41.77.1795249706959001968.5",
        "$JS.ACK._.AccHash.PENSTOCK_READINGS.process.3.41.77.1795249706959001968.5",
        "$JS.ACK.hub.AccHash.PENSTOCK_READINGS.process.3.41.77.1795249706959001968.5.random",
    ],
)
def test_attempt_and_sequence_are_read_from_every_form_of_the_ack_subject(reply: str) -> None:
    delivery = NatsDelivery(Connection(NatsConfig("nats://a:1")), message(reply, b"x"), lambda _: None)
    assert (delivery.attempt, delivery.sequence) == (3, 41)


async def test_settling_without_a_connection_is_lost_quietly() -> None:
    acked: list[int] = []
    reply = "$JS.ACK.PENSTOCK_READINGS.process.1.41.77.1795249706959001968.5"
    delivery = NatsDelivery(Connection(NatsConfig("nats://a:1")), message(reply, b"x"), acked.append)
    await delivery.heartbeat()
    await delivery.ack()
    assert acked == [41]


def test_only_the_brokers_own_messages_have_a_status() -> None:
    status = {"Status": "404"}
    assert status_of(message(headers=status)) == "404"
    assert status_of(message(headers=None)) is None
    assert status_of(message(data=b"x", headers=status)) is None
    assert status_of(message(reply="$JS.ACK.x", headers=status)) is None
    assert status_of(message(headers=status | {"Nats-Sequence": "7"})) is None
