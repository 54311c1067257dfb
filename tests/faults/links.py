"""F8: the links between client, edge, core and nats-server are cut, half open, slow or late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.drill import Drill, Report, recipe
from tests.faults.plan import Case, fault
from tests.faults.platform import Parts, seconds_to_serve
from tests.faults.proxy import Proxy, Weather
from tests.journeys.conftest import pause

_RECOVERY_SECONDS = 15.0


@dataclass(frozen=True)
class Trouble:
    """What happens to a link for `seconds`."""

    name: str
    seconds: float
    begin: Callable[[Proxy], None]


def _weather(**changes: object) -> Callable[[Proxy], None]:
    def begin(proxy: Proxy) -> None:
        proxy.weather = Weather(**changes)  # pyright: ignore[reportArgumentType] - fields by name

    return begin


def _severed(proxy: Proxy) -> None:
    proxy.weather = Weather(refuse=True)
    proxy.cut()


TROUBLES = (
    Trouble("cut", 2.0, _severed),
    Trouble("reset", 0.0, lambda proxy: proxy.cut(reset=True)),
    Trouble("half open", 3.0, _weather(frozen=True)),
    Trouble("500 ms late", 3.0, _weather(latency=0.5)),
    Trouble("1 kB/s", 2.0, _weather(bandwidth=1_000)),
)


@fault("F8", "link cut, reset, half open, 500 ms late, 1 kB/s: client–edge, edge–nats, core–nats", bounded=1, long=10)
def links(case: Case) -> Report:
    parts = Parts(case.home)
    address = parts.start_broker()
    nats = int(address.url.rpartition(":")[2])
    edge_nats, core_nats = Proxy(nats).start(), Proxy(nats).start()
    client = Proxy(int(parts.url.rpartition(":")[2])).start()
    took: list[float] = []
    try:
        parts.start(edge_nats=_url(edge_nats), core_nats=_url(core_nats))
        drill = Drill(parts, case.home)
        seconds = 3 * case.count * sum(trouble.seconds + 2 for trouble in TROUBLES)
        with (
            drill.sampling(),
            drill.load(
                recipe(case.seed, rate=1_000), seconds=seconds, at=f"http://127.0.0.1:{client.port}", timeout=5.0
            ),
        ):
            for _ in range(case.count):
                for proxy in (client, edge_nats, core_nats):
                    for trouble in TROUBLES:
                        trouble.begin(proxy)
                        pause(trouble.seconds)
                        proxy.weather = Weather()
                        took.append(seconds_to_serve(parts))
        report = drill.verify()
    finally:
        for proxy in (client, edge_nats, core_nats):
            proxy.close()
        parts.stop()
    report.numbers |= {"troubles": len(took), "recovery_max_s": round(max(took), 1)}
    if max(took) > _RECOVERY_SECONDS:
        report.violations.append(f"serving again took {max(took):.1f} s, at most {_RECOVERY_SECONDS:g} s is promised")
    return report


def _url(proxy: Proxy) -> str:
    return f"nats://127.0.0.1:{proxy.port}"
