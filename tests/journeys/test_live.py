"""Live views and the NATS readers of a running platform, by the examples of their documents."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.journeys.conftest import clean_environment, until

ROOT = Path(__file__).parents[2]


def _python(document: str) -> str:
    text = (ROOT / "docs" / document).read_text()
    return "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def _run(script: str, **environment: str) -> str:
    path = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", script], env=clean_environment(PYTHONPATH=path, **environment),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_the_examples_of_live_views_can_be_pasted(platform):
    said = _run(_python("live.md"), URL=platform.url, KEY=platform.key).splitlines()
    assert re.fullmatch(r"meter-1 \d{13} 1204.5 W", said[0])
    assert said[1].startswith("missed [")
    assert "1180.0" in said[1]
    assert said[2] == "hello"


def test_the_examples_of_nats_can_be_pasted(fresh_platform):
    platform = fresh_platform
    now = time.time_ns() // 1_000_000
    rows = [
        {"site_id": "hq", "sensor_id": "meter-1", "metric": "power_w", "value": 100.0 + n, "ts": now - 5_000 + n}
        for n in range(5)
    ]
    platform.post("/v1/readings", rows)
    until(lambda: platform.get("/v1/sensors/meter-1/recent?metric=power_w&site=hq&limit=1")["data"], what="readings")
    said = _run(_python("nats.md"), NATS_URL=platform.state()["nats_url"]).splitlines()
    assert said[0].startswith("{'events': [")
    assert "('meter-1'" in said[1]
    assert "'site_id': 'hq'" in said[2]
    assert "'value'" in said[3]


def test_a_revoked_key_ends_its_live_view(platform):
    key = platform.cli("keys", "create", "live").out.strip()
    script = (
        "import os\nfrom websockets.sync.client import connect\nfrom websockets.exceptions import ConnectionClosed\n"
        "url, header = os.environ['URL'].replace('http', 'ws', 1), {'Authorization': 'Bearer ' + os.environ['KEY']}\n"
        "with connect(url + '/v1/live', additional_headers=header) as live:\n"
        "    print(live.recv(), flush=True)\n"
        "    try:\n        live.recv(timeout=20)\n"
        "    except ConnectionClosed as end:\n        print(end.rcvd.code)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=clean_environment(URL=platform.url, KEY=key),
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        assert '"hello"' in client.stdout.readline()
        platform.cli("keys", "revoke", key.split("_")[1])
        assert client.stdout.readline().strip() == "4401"
