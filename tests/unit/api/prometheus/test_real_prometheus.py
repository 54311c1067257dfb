"""The same readings in a real Prometheus give the same answers. PENSTOCK_TEST_PROMETHEUS names the folder of its two programs."""

import os
import socket
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from tests.unit.api.conftest import NOW
from tests.unit.api.prometheus.conftest import BASE, Asker, same
from tests.unit.api.prometheus.test_evaluate import END, START, STEP, irregular

PROGRAMS = os.environ.get("PENSTOCK_TEST_PROMETHEUS")
pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not PROGRAMS, reason="PENSTOCK_TEST_PROMETHEUS names no folder with prometheus and promtool"),
]

# Versions before 3.0 count a reading at a window's start as well, and extend counters that were near zero differently:
# so readings never lie on an edge here, and what `rate` sees is a counter that is far from zero.
EXPRESSIONS = [
    "power_w",
    'power_w{site=~"h.", room!="r1"}',
    "power_w offset 7m",
    "power_w @ end()",
    *(f"{name}_over_time(power_w[7m])" for name in ("avg", "min", "max", "sum", "count", "last", "stddev", "stdvar")),
    "quantile_over_time(0.3, power_w[7m])",
    *(f"{name}(power_w[7m])" for name in ("delta", "irate", "idelta", "deriv", "changes", "resets")),
    "rate(power_w[7m] offset 1d)",
    "rate(energy_wh[7m])",
    "increase(energy_wh[11m])",
    "predict_linear(power_w[9m], 600)",
    *(f"{op} by (site) (power_w)" for op in ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")),
    "quantile by (room) (0.4, power_w)",
    "sum without (sensor, unit) (power_w)",
    "topk(2, power_w)",
    "bottomk by (site) (1, power_w)",
    "power_w > 20",
    "power_w > bool 20",
    "power_w % 7 - 2 ^ 3",
    "power_w / on (site) group_left () sum by (site) (power_w)",
    "power_w and on (sensor) power_w > 20",
    "power_w unless on (sensor) power_w > 20",
    'power_w{sensor="m0"} or power_w > 20',
    'absent(power_w{sensor="m0"})',
    'absent(power_w{sensor="nobody", site="hq"})',
    "max_over_time(rate(energy_wh[5m])[20m1s:1m])",
    'label_replace(sum by (sensor) (power_w), "n", "no-$1", "sensor", "m(.*)")',
    'label_join(sum by (site, room) (power_w), "place", "/", "site", "room")',
    "round(power_w, 0.5)",
    "clamp(power_w, 15, 22)",
    "scalar(power_w) + vector(1)",
    "time() - timestamp(power_w)",
    "hour() + minute()",
]


@pytest.fixture(scope="module")
def data():
    power = {("power_w", f"m{i}"): irregular(30 + i, counter=i % 2 == 0) for i in range(5)}
    counter = [(ts, 1e6 + at * (3 + at % 5)) for at, (ts, _) in enumerate(irregular(40))]
    counter = [(ts, max(v for _, v in counter[: at + 1])) for at, (ts, _) in enumerate(counter)]
    return power | {("energy_wh", "m0"): counter}


def places(sensor):
    i = int(sensor[1:])
    return {"site": "hq" if i < 3 else "lab", "room": f"r{i % 2}", "sensor": sensor, "unit": "W"}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory, data):
    """The address of a Prometheus that holds `data`."""
    folder = tmp_path_factory.mktemp("prometheus")
    lines: list[str] = []
    for (metric, sensor), readings in data.items():
        said = ",".join(f'{name}="{value}"' for name, value in places(sensor).items())
        lines += [f"{metric}{{{said}}} {value!r} {ts / 1000:.3f}" for ts, value in readings]
    (folder / "data.om").write_text("\n".join([*lines, "# EOF\n"]))
    (folder / "prometheus.yml").write_text("global: {}\n")
    tool, server = Path(PROGRAMS) / "promtool", Path(PROGRAMS) / "prometheus"
    made = [tool, "tsdb", "create-blocks-from", "openmetrics", folder / "data.om", folder / "tsdb"]
    subprocess.run(made, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            server,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            "--storage.tsdb.retention.time=20y",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                if httpx2.get(f"{url}/-/ready").status_code == 200:
                    break
            except httpx2.TransportError:
                pass
            assert time.monotonic() < deadline, "Prometheus did not start"
            time.sleep(0.1)  # noqa: TID251 - a deadline bounds the poll
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("expression", EXPRESSIONS)
async def test_an_expression_gives_what_prometheus_gives(asker, reader, prometheus, data, expression):
    for (metric, sensor), readings in data.items():
        reader.add(metric, readings, **places(sensor))
    asked = {"query": expression, "start": START / 1e3, "end": END / 1e3, "step": STEP / 1e3}
    async with httpx2.AsyncClient() as client:
        theirs = (await client.get(f"{prometheus}/api/v1/query_range", params=asked)).json()
    assert theirs["status"] == "success", theirs
    want = Asker.lines(theirs["data"])
    got = await asker.range(expression, START, END, STEP)
    assert END <= NOW
    assert got.keys() == want.keys()
    for labels, line in want.items():
        assert got[labels].keys() == line.keys(), labels
        for t, value in line.items():
            assert same(got[labels][t], value), (labels, t, got[labels][t], value)


def outcome(answer):
    body = answer.json()
    return answer.status_code, body["status"], body.get("errorType")


TIMEOUTS = ("30", "30s", "1m30s", "0.5", "", "soon", "1e30", "1.5m", "-30", "0", "0s")


@pytest.mark.parametrize("timeout", TIMEOUTS)
async def test_a_timeout_is_taken_or_refused_as_prometheus_does(client, asker, prometheus, timeout):
    asked = {"query": "vector(1)", "time": END / 1e3, "timeout": timeout}
    async with httpx2.AsyncClient() as other:
        theirs = outcome(await other.get(f"{prometheus}/api/v1/query", params=asked))
    assert outcome(await client.get(f"{BASE}/query", params=asked)) == theirs


@pytest.mark.parametrize("limit", ["", "0", "1", "3", "50", "-1", "1.5", "many"])
@pytest.mark.parametrize("expression", ["power_w", "sum(power_w)", "1"])
async def test_a_limit_is_obeyed_or_refused_as_prometheus_does(
    client, reader, asker, prometheus, data, limit, expression
):
    async with httpx2.AsyncClient() as other:
        version = (await other.get(f"{prometheus}/api/v1/status/buildinfo")).json()["data"]["version"]
        if int(version.partition(".")[0]) < 3:
            pytest.skip(f"Prometheus {version} has no limit")
        for (metric, sensor), readings in data.items():
            reader.add(metric, readings, **places(sensor))
        asked = {"query": expression, "start": START / 1e3, "end": END / 1e3, "step": STEP / 1e3, "limit": limit}
        theirs = await other.get(f"{prometheus}/api/v1/query_range", params=asked)
    ours = await client.get(f"{BASE}/query_range", params=asked)
    assert outcome(ours) == outcome(theirs)
    if theirs.status_code == 200:
        assert len(ours.json()["data"]["result"]) == len(theirs.json()["data"]["result"])
        assert ours.json().get("warnings") == theirs.json().get("warnings")
