"""What a client of the TCP door sees: acknowledged in order and only when durable, refused by row, never lost."""

import asyncio
import random
import ssl
import subprocess
from dataclasses import replace

import pytest

from penstock.api.services import ApiConfig
from penstock.bus.memory import MemoryBus
from penstock.pipeline.gate import GateConfig

from .conftest import HEADER, NOW, SlowBus, TcpConfig, frame, row

FAST = TcpConfig(retry_cap=0.02, linger=0.1, drain=0.5, tick=0.02, recheck=0.05)


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def values(wharf):
    return sorted(value for *_, value in await wharf.world.readings())


# -- rows in, verdicts out


async def test_rows_of_every_format_are_the_same_reading(wharf):
    payload = frame(0).replace(b"m1", b"m0")
    for hello, data in (
        ("", row()),
        ("format=line precision=ms source=telegraf", b"power_w,sensor_id=m0 value=1.5 %d\n" % NOW),
        ("format=arrow", HEADER.pack(len(payload), 1) + payload),
    ):
        client = await wharf.open(hello)
        client.send(data)
        assert await client.line() == "ACK 1 accepted=1 refused=0"
    frames = await wharf.world.frames()
    assert [(f.batch.keys[0][:3], f.batch.value.tolist()) for f in frames] == [
        (("default", "m0", "power_w"), [1.5])
    ] * 3
    assert [f.parts[0].source for f in frames] == ["tcp", "telegraf", "tcp"]


async def test_a_refused_row_is_told_by_line_and_by_place_in_it_before_the_acknowledgement(wharf):
    client = await wharf.open("from=10")
    good, bad = row(1).strip(), row(2, ts=1).strip()
    client.send(good + b"\n\n  \n" + bad + b"\nnonsense\n[" + good + b"," + bad + b"]\n[]\n[1\n")
    said = await client.acked(17)
    assert [line.split(" ", 4)[:4] for line in said if line.startswith("REJ")] == [
        ["REJ", "13", "0", "timestamp_out_of_range"],
        ["REJ", "14", "0", "malformed_json"],
        ["REJ", "15", "1", "timestamp_out_of_range"],
        ["REJ", "17", "-", "malformed_json"],
    ]
    assert said[-1] == "ACK 17 accepted=2 refused=4"


async def test_a_refused_line_of_line_protocol_has_its_number_comments_and_blank_lines_counted(wharf):
    client = await wharf.open("format=line precision=ms")
    client.send(b"# comment\n\nt value=1 %d\nbroken\nt value=1 1\n" % NOW)
    said = await client.acked(5)
    assert [line.split()[1:4] for line in said[:-1]] == [
        ["4", "0", "malformed_line"],
        ["5", "0", "timestamp_out_of_range"],
    ]
    assert said[-1] == "ACK 5 accepted=1 refused=2"


async def test_many_refused_rows_are_counted_and_the_first_are_told(wharf):
    client = await wharf.open()
    client.send(b"x\n" * 500)
    said = await client.acked(500)
    assert said[-1] == "ACK 500 accepted=0 refused=500"
    assert len(said) < 500
    assert [line for line in said if "and_more" in line]


async def test_a_frame_that_is_no_arrow_costs_itself_only(wharf):
    client = await wharf.open("format=arrow")
    client.frame(1, frame(0))
    client.frame(2, b"garbage")
    client.frame(3, frame(1, 5))
    said = await client.acked(3)
    assert [line.split()[:4] for line in said if line.startswith("REJ")] == [["REJ", "2", "-", "malformed_arrow"]]
    assert said[-1] == "ACK 3 accepted=6 refused=1"


async def test_the_ledger_hears_of_refused_rows_under_the_clients_name(wharf):
    client = await wharf.open("source=gateway-7")
    client.send(row() + b"x\n")
    await client.acked(2)
    (sent,) = await wharf.world.frames()
    assert [(p.source, p.accepted, p.rejected) for p in sent.parts] == [("gateway-7", 1, 1)]


async def test_ping_is_answered_and_bye_ends_with_everything_acknowledged(wharf):
    client = await wharf.open()
    client.send(b"PING\n" + row() + b"PONG\nBYE\n" + row(1))
    assert await client.rest() == ["PONG", "ACK 1 accepted=1 refused=0", "BYE"]
    assert await values(wharf) == [1.5]


async def test_a_half_closed_connection_ends_with_everything_acknowledged(wharf):
    client = await wharf.open()
    client.send(row() + row(1))
    client.half_close()
    assert await client.rest() == ["ACK 2 accepted=2 refused=0", "BYE"]


async def test_a_last_line_without_an_end_is_not_taken_because_half_a_number_is_another_number(wharf):
    client = await wharf.open("format=line precision=ms")
    client.send(b"t value=1 %d\nt value=123" % NOW)
    client.half_close()
    said = await client.rest()
    assert said[0] == "ACK 1 accepted=1 refused=0"
    assert said[1].startswith("ERR incomplete ")
    assert await values(wharf) == [1.0]


# -- durable, and in order


async def test_nothing_is_acknowledged_before_it_is_durable(make_wharf):
    bus = SlowBus()
    wharf = await make_wharf(bus=bus)
    bus.gate.clear()
    client = await wharf.open()
    client.send(row())
    await until(lambda: bus.waiting == 1)
    with pytest.raises(TimeoutError):
        await client.line(0.1)
    bus.gate.set()
    assert await client.line() == "ACK 1 accepted=1 refused=0"


async def test_frames_are_published_side_by_side_and_acknowledged_in_order(make_wharf):
    bus = SlowBus()
    wharf = await make_wharf(bus=bus, gate=GateConfig(frame_rows=4))
    bus.gate.clear()
    bus.only = 1
    client = await wharf.open("format=arrow")
    for seq in range(1, 6):
        client.frame(seq, frame(10 * seq, 3))
    await until(lambda: len(bus._logs["readings"].messages) == 4)
    with pytest.raises(TimeoutError):
        await client.line(0.1)
    bus.gate.set()
    assert await client.line() == "ACK 5 accepted=15 refused=0"


async def test_at_most_a_window_of_frames_is_on_its_way(make_wharf):
    bus = SlowBus()
    wharf = await make_wharf(bus=bus, gate=GateConfig(frame_rows=4), tcp=replace(FAST, window=3))
    bus.gate.clear()
    client = await wharf.open("format=arrow")
    for seq in range(1, 9):
        client.frame(seq, frame(10 * seq, 3))
    await until(lambda: bus.waiting == 3)
    await asyncio.sleep(0.05)
    assert bus.waiting == 3
    bus.gate.set()
    assert (await client.acked(8))[-1] == "ACK 8 accepted=24 refused=0"


async def test_lines_that_come_while_one_is_on_its_way_are_gathered(make_wharf):
    bus = SlowBus()
    wharf = await make_wharf(bus=bus)
    bus.gate.clear()
    client = await wharf.open()
    client.send(row())
    await until(lambda: bus.waiting == 1)
    for i in range(1, 6):
        client.send(row(i))
        await asyncio.sleep(0.01)
    bus.gate.set()
    assert await client.line() == "ACK 1 accepted=1 refused=0"
    assert await client.line() == "ACK 6 accepted=6 refused=0"


async def test_a_bus_that_refuses_is_waited_for_and_told_once(make_wharf):
    bus = MemoryBus()
    wharf = await make_wharf(bus=bus)
    bus.fail_publishes = 5
    client = await wharf.open()
    client.send(row())
    said = await client.acked(1)
    assert [line.split()[:2] for line in said] == [["WAIT", "unavailable"], ["ACK", "1"]]
    client.send(row(1))
    assert await client.acked(2) == ["ACK 2 accepted=2 refused=0"]


async def test_what_is_tried_again_is_the_same_frame_so_it_counts_once(make_wharf):
    bus = MemoryBus()
    wharf = await make_wharf(bus=bus)
    bus.lose_acks = 3
    client = await wharf.open()
    client.send(row())
    assert (await client.acked(1))[-1] == "ACK 1 accepted=1 refused=0"
    assert await values(wharf) == [1.5]


async def test_while_the_bus_is_away_one_piece_tries_and_nothing_is_read(make_wharf):
    tries = 0

    class Away(MemoryBus):
        async def publish(self, *arguments, **named):
            nonlocal tries
            tries += 1
            await super().publish(*arguments, **named)

    bus = Away()
    wharf = await make_wharf(bus=bus, gate=GateConfig(frame_rows=4), tcp=replace(FAST, retry_cap=0.2, window=8))
    bus.down = True
    client = await wharf.open("format=arrow")
    for seq in range(1, 9):
        client.frame(seq, frame(10 * seq, 3))
    assert (await client.line()).startswith("WAIT unavailable")
    await until(lambda: tries >= 8)
    before, held = tries, wharf.door._held
    for seq in range(9, 200):
        client.frame(seq, frame(10 * seq, 3))
    await asyncio.sleep(0.3)
    assert tries - before <= 20, "every piece tries again, not one"
    assert wharf.door._held == held
    bus.down = False
    await client.acked(199)
    assert wharf.door._held == 0


async def test_what_the_broker_can_never_take_is_refused_and_the_next_one_is_taken(make_wharf):
    wharf = await make_wharf(bus=MemoryBus(max_payload=4_096), gate=GateConfig(frame_rows=100_000))
    client = await wharf.open("format=arrow")
    client.frame(1, frame(0, 5_000))
    client.frame(2, frame(0, 2))
    said = await client.acked(2)
    assert said[0].startswith("REJ 1 - too_large ")
    assert said[-1] == "ACK 2 accepted=2 refused=5000"


# -- again after a broken connection


async def test_frames_sent_again_in_the_same_session_are_acknowledged_and_not_sent_again(wharf):
    client = await wharf.open("format=arrow session=s1")
    for seq in (1, 2):
        client.frame(seq, frame(10 * seq, 3))
    await client.acked(2)
    await client.hang_up()
    client = await wharf.open("format=arrow session=s1")
    for seq in (1, 2, 3):
        client.frame(seq, frame(10 * seq, 3))
    assert (await client.acked(3))[-1] == "ACK 3 accepted=9 refused=0"
    assert len(await values(wharf)) == 9


async def test_lines_without_a_time_that_are_sent_again_keep_the_one_that_they_were_given_first(wharf):
    for _ in range(2):
        client = await wharf.open("format=line session=s1")
        client.send(b"power_w,sensor_id=m0 value=1.5\n")
        assert await client.acked(1) == ["ACK 1 accepted=1 refused=0"]
        await client.hang_up()
        wharf.world.clock.ms += 10_000
    assert len(await values(wharf)) == 1


async def test_the_same_number_with_other_content_is_refused(wharf):
    client = await wharf.open("format=arrow session=s1")
    client.frame(1, frame(0, 3))
    await client.acked(1)
    client = await wharf.open("format=arrow session=s1")
    client.frame(1, frame(0, 3, value=9.0))
    assert (await client.line()).startswith("REJ 1 - idempotency_key_reused ")
    assert await client.line() == "ACK 1 accepted=0 refused=3"


async def test_what_was_on_its_way_when_the_client_vanished_still_arrives_but_half_a_frame_does_not(make_wharf):
    bus = SlowBus()
    wharf = await make_wharf(bus=bus)
    bus.gate.clear()
    client = await wharf.open("format=arrow")
    client.frame(1, frame(0, 3))
    client.send((HEADER.pack(999, 2) + frame(10, 3))[:200])
    await until(lambda: bus.waiting == 1)
    await client.hang_up()
    await asyncio.sleep(0.05)
    assert len(wharf.door.members) == 1, "it counts until what it sent is settled"
    bus.gate.set()
    await until(lambda: not wharf.door.members)
    assert len(await values(wharf)) == 3
    assert wharf.door._held == wharf.door._publishing == wharf.door.intake.bodies.held == 0


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_breaks_every_acknowledged_row_is_on_the_bus(make_wharf, seed):
    """The bus fails now and then, clients vanish anywhere and send again what was not acknowledged."""
    chance = random.Random(seed)
    bus = MemoryBus()
    wharf = await make_wharf(bus=bus, gate=GateConfig(frame_rows=8))
    form = chance.choice(["arrow", "ndjson"])
    done, acked, total = 0, 0, 40

    async def collect(client):
        nonlocal acked
        while line := await client.line():
            if line.startswith("ACK"):
                acked = max(acked, int(line.split()[1]))
                if acked == total:
                    return

    for attempt in range(60):
        if acked == total:
            break
        await until(lambda: not wharf.door.members)
        client = await wharf.open(f"format={form} session=s{seed}" + (f" from={acked + 1}" if form == "ndjson" else ""))
        bus.fail_publishes, bus.lose_acks = chance.randint(0, 3), chance.randint(0, 3)
        data = b""
        for seq in range(acked + 1, total + 1):
            payload = frame(seq, 1, float(seq))
            data += HEADER.pack(len(payload), seq) + payload if form == "arrow" else row(seq, value=seq)
        last = attempt >= 20
        client.send(data if last else data[: chance.randrange(len(data))])
        try:
            async with asyncio.timeout(5 if last else chance.uniform(0, 0.05)):
                await collect(client)
        except TimeoutError:
            pass
        await client.hang_up()
        done = acked
    await until(lambda: not wharf.door.members)
    assert done == total
    assert set(await values(wharf)) == {float(i) for i in range(1, total + 1)}
    assert wharf.door._held == wharf.door._publishing == 0


# -- bounds


@pytest.mark.parametrize("form", ["arrow", "ndjson"])
async def test_more_than_the_bound_ends_the_connection_after_what_came_before_is_acknowledged(make_wharf, form):
    wharf = await make_wharf(max_body=2_000)
    client = await wharf.open(f"format={form}")
    if form == "arrow":
        client.frame(1, frame(0))
        client.send(HEADER.pack(2_001, 2))
    else:
        client.send(row() + b"x" * 2_001)
    said = await client.rest()
    assert said[0] == "ACK 1 accepted=1 refused=0"
    assert said[1].startswith(f"ERR {'frame_too_large' if form == 'arrow' else 'line_too_long'} ")
    assert await values(wharf) == [1.5]


async def test_a_client_reads_why_it_was_refused_even_if_it_goes_on_sending(make_wharf):
    wharf = await make_wharf(max_body=2_000)
    client = await wharf.open()
    client.send(b"x" * 500_000)
    assert (await client.line()).startswith("ERR line_too_long ")


async def test_connections_are_bounded_in_total_and_per_key(make_wharf):
    wharf = await make_wharf(tcp=replace(FAST, connections=3, per_key=2))
    other = wharf.world.keys.create("acme", "other")
    first = await wharf.open()
    await wharf.open()
    assert "2 connections use this key" in await (await wharf.dial()).line()
    await until(lambda: len(wharf.door.members) == 2)
    await wharf.open(key=other)
    assert (await (await wharf.dial(key=other)).line()).startswith("ERR too_many_connections 3 connections")
    await first.hang_up()
    await until(lambda: len(wharf.door.members) == 2)
    await wharf.open()


async def test_over_the_bound_of_all_bytes_nothing_is_read_until_there_is_room(make_wharf):
    bus = SlowBus()
    wharf = await make_wharf(bus=bus, max_held=40_000)
    bus.gate.clear()
    clients = [await wharf.open() for _ in range(3)]
    for client in clients:
        client.send(b"".join(row(i) for i in range(5_000)))
    await until(lambda: wharf.door.is_full)
    await asyncio.sleep(0.1)
    held = wharf.door._held
    await asyncio.sleep(0.1)
    assert wharf.door._held == held <= 20_000 + 3 * (256 << 10)
    bus.gate.set()
    for client in clients:
        await client.acked(5_000)
    assert wharf.door._held == 0


async def test_a_busy_door_lets_every_connection_have_one_piece_on_its_way(make_wharf):
    bus = SlowBus()
    wharf = await make_wharf(bus=bus, gate=GateConfig(frame_rows=4), tcp=replace(FAST, publishing=1))
    bus.gate.clear()
    clients = [await wharf.open("format=arrow") for _ in range(2)]
    for client in clients:
        for seq in range(1, 4):
            client.frame(seq, frame(10 * seq, 3))
    await until(lambda: bus.waiting == 2)
    await asyncio.sleep(0.05)
    assert bus.waiting == 2
    bus.gate.set()
    for client in clients:
        await client.acked(3)


@pytest.mark.parametrize(
    ("hello", "started", "code"),
    [(b"PENSTOCK/1", None, "handshake_timeout"), (None, b'{"half', "frame_timeout"), (None, b"", "idle_timeout")],
    ids=["the opening line", "a line", "silence"],
)
async def test_who_takes_too_long_is_let_go(make_wharf, hello, started, code):
    now = 0.0
    wharf = await make_wharf(now=lambda: now)
    if hello is not None:
        client = await wharf.dial(hello)
        await until(lambda: wharf.door.members)
        now = 4.9
        await asyncio.sleep(0.1)
        now = 5.1
    else:
        client = await wharf.open()
        client.send(started)
        await asyncio.sleep(0.1)
        if code == "idle_timeout":
            now = 61.0
            assert await client.line() == "PING"
            client.send(b"PONG\n")
            await asyncio.sleep(0.1)
            now = 122.0
            assert await client.line() == "PING"
            now = 142.5
        else:
            now = 30.5
    assert (await client.line()).startswith(f"ERR {code} ")
    assert await client.line() == ""


async def test_the_servers_own_silence_is_not_held_against_the_client(make_wharf):
    now = 0.0
    bus = SlowBus()
    wharf = await make_wharf(bus=bus, now=lambda: now)
    client = await wharf.open()
    bus.down = True
    client.send(row() + b'{"half')
    assert (await client.line()).startswith("WAIT")
    now = 10_000.0
    await asyncio.sleep(0.1)
    bus.down = False
    assert await client.line() == "ACK 1 accepted=1 refused=0"
    client.send(b'": 1}\n')
    assert (await client.acked(2))[-1] == "ACK 2 accepted=1 refused=1"


# -- who may


async def test_a_wrong_key_and_one_without_the_right_are_refused(wharf):
    reader = wharf.world.keys.create("acme", "reader", scopes=["read"])
    assert (await (await wharf.dial(key="pk_no")).rest())[0].startswith("ERR unauthenticated ")
    assert (await (await wharf.dial(key=reader)).rest())[0].startswith("ERR forbidden ")
    assert (await (await wharf.dial(b"GET / HTTP/1.1\r\n")).rest())[0].startswith("ERR bad_handshake ")
    assert (await (await wharf.dial(b"x" * 2_000)).rest())[0].startswith("ERR bad_handshake ")


async def test_revoking_a_key_ends_its_connections(wharf):
    secret = wharf.world.keys.create("acme", "gateway")
    client, other = await wharf.open(key=secret), await wharf.open()
    client.send(row())
    await client.acked(1)
    wharf.world.keys.revoke(secret.split("_")[1])
    assert (await client.rest())[0].startswith("ERR unauthenticated ")
    other.send(row())
    await other.acked(1)


async def test_revoking_a_key_ends_its_connections_even_while_the_bus_is_away(make_wharf):
    bus = MemoryBus()
    wharf = await make_wharf(bus=bus)
    secret = wharf.world.keys.create("acme", "gateway")
    client = await wharf.open(key=secret)
    bus.down = True
    client.send(row())
    assert (await client.line()).startswith("WAIT")
    wharf.world.keys.revoke(secret.split("_")[1])
    assert (await client.rest())[0].startswith("ERR unauthenticated ")
    await until(lambda: not wharf.door.members)


# -- the end of the server


async def test_closing_acknowledges_what_is_on_its_way_says_goodbye_and_takes_nothing_more(make_wharf):
    bus = SlowBus()
    wharf = await make_wharf(bus=bus)
    bus.gate.clear()
    client = await wharf.open("format=arrow")
    silent = await wharf.dial(b"PENSTOCK/1")
    client.frame(1, frame(0, 3))
    await until(lambda: bus.waiting == 1)
    closing = asyncio.create_task(wharf.stop.aclose())
    await until(lambda: wharf.door.draining)
    client.frame(2, frame(10, 3))
    await asyncio.sleep(0.05)
    bus.gate.set()
    assert await client.rest() == ["ACK 1 accepted=3 refused=0", "BYE"]
    assert await silent.rest() == ["BYE"]
    await closing
    assert len(await values(wharf)) == 3
    with pytest.raises(ConnectionError):
        await wharf.dial()


async def test_closing_does_not_wait_for_a_bus_that_is_away_and_acknowledges_nothing(make_wharf):
    bus = SlowBus()
    wharf = await make_wharf(bus=bus, tcp=FAST)
    bus.gate.clear()
    client = await wharf.open()
    client.send(row())
    await until(lambda: bus.waiting == 1)
    async with asyncio.timeout(5):
        await wharf.stop.aclose()
    assert await client.line() == ""
    assert not wharf.door.members


async def test_a_fault_of_the_server_ends_that_connection_and_is_not_acknowledged(make_wharf):
    class Broken(MemoryBus):
        async def publish(self, *arguments, **named):
            raise RuntimeError("a bug")

    wharf = await make_wharf(bus=Broken(), gate=GateConfig(frame_rows=4))
    client = await wharf.open("format=arrow")
    client.frame(1, frame(0, 3))
    said = await client.rest()
    assert [line.split()[1] for line in said] == ["internal_error"]
    assert "a bug" not in said[0]


# -- whatever arrives


@pytest.mark.parametrize("form", ["ndjson", "line", "arrow"])
@pytest.mark.parametrize("seed", range(6))
async def test_garbage_is_refused_by_name_and_costs_nobody_else(make_wharf, form, seed):
    chance = random.Random(seed)
    wharf = await make_wharf(max_body=100_000)
    good, client = await wharf.open(), await wharf.open(f"format={form}")
    valid = frame(0, 20) if form == "arrow" else row() * 20
    for seq in range(1, 30):
        data = bytearray(chance.choice([valid, chance.randbytes(chance.randrange(1, 3_000))]))
        for _ in range(chance.randrange(4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        client.send(HEADER.pack(len(data), seq) + data if form == "arrow" and seed % 2 else bytes(data))
    client.half_close()
    said = await client.rest(20)
    assert not [line for line in said if "internal_error" in line]
    assert said[-1].split()[0] in {"BYE", "ERR"}
    good.send(row())
    assert await good.line() == "ACK 1 accepted=1 refused=0"


# -- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    home = tmp_path_factory.mktemp("tls")
    cert, key = home / "cert.pem", home / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(cert), "-days", "1", "-subj", "/CN=localhost"]
    try:
        subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("needs openssl")
    return cert, key


async def test_the_same_over_tls(make_wharf, certificate):
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(*certificate)
    wharf = await make_wharf(tls=server)
    client = await wharf.open(tls=ssl.create_default_context(cafile=str(certificate[0])))
    client.send(row() + b"BYE\n")
    assert await client.rest() == ["ACK 1 accepted=1 refused=0", "BYE"]
    assert ApiConfig().max_body == 8 << 20
