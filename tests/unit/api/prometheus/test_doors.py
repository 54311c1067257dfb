"""What a stock Grafana and other clients of Prometheus's API ask, as they ask it."""

import asyncio

import pytest

from penstock.api.prometheus import doors, fetch
from penstock.query.port import Query
from tests.unit.api.conftest import NOW
from tests.unit.api.prometheus.conftest import BASE

MINUTE = 60_000
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def site(asker, reader):
    reader.add("power_w", [(NOW - MINUTE, 1204.5)], sensor="m1", site="plant", building="hall 1")
    reader.add("soc", [(NOW - MINUTE, 0.5)], sensor="b1", unit="1", tags={"rack-no": "7", "site": "x"})
    reader.add("zone/temp °C", [(NOW - MINUTE, 294.0)], sensor="t1", unit="K", room="101", equipment="ahu-1")
    reader.add("energy_wh", [(NOW - 60 * MINUTE, 5.0), (NOW, 7.0)], sensor="m1", site="plant", unit="Wh")


async def data(answer):
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["status"] == "success"
    return body["data"]


async def test_save_and_test_of_the_data_source_is_green(asker, client):
    """Grafana's health check: a query that needs no data, and the build information."""
    answer = await client.post(f"{BASE}/query", content="query=1%2B1&time=4", headers=FORM)
    assert await data(answer) == {"resultType": "scalar", "result": [4, "2"]}
    info = await data(await client.get(f"{BASE}/status/buildinfo"))
    assert tuple(map(int, info["version"].split("."))) >= (2, 40, 0)


async def test_the_label_pickers_offer_what_there_is(site, client):
    assert await data(await client.get(f"{BASE}/labels")) == [
        "__name__", "building", "equipment", "metric", "rack_no", "room", "sensor", "site", "tag_site", "unit",
    ]  # fmt: skip
    asked = {"match[]": 'power_w{site="plant"}', "start": (NOW - MINUTE) / 1e3, "end": NOW / 1e3}
    assert await data(await client.post(f"{BASE}/labels", data=asked)) == [
        "__name__", "building", "sensor", "site", "unit",
    ]  # fmt: skip
    values = await client.get(f"{BASE}/label/__name__/values")
    assert await data(values) == ["energy_wh", "power_w", "soc", "zone_temp__C"]
    narrowed = await client.get(f"{BASE}/label/sensor/values", params={"match[]": ['{site="plant"}', "soc"]})
    assert await data(narrowed) == ["b1", "m1"]
    assert await data(await client.get(f"{BASE}/label/sensor/values", params={"limit": "1"})) == ["b1"]


async def test_series_are_listed_where_their_readings_overlap_the_range(site, client):
    asked = {"match[]": '{sensor="m1"}', "start": (NOW - 90 * MINUTE) / 1e3, "end": (NOW - 30 * MINUTE) / 1e3}
    assert await data(await client.get(f"{BASE}/series", params=asked)) == [
        {"__name__": "energy_wh", "sensor": "m1", "site": "plant", "unit": "Wh"}
    ]
    answer = await client.get(f"{BASE}/series")
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "bad_data"


async def test_names_that_prometheus_does_not_allow_are_changed_and_found_again(site, asker):
    (labels, value), = (await asker.at('{__name__="zone_temp__C", room="101"}')).items()  # fmt: skip
    assert value == 294.0
    assert dict(labels) == {
        "__name__": "zone_temp__C", "metric": "zone/temp °C", "sensor": "t1", "site": "hq", "unit": "K",
        "room": "101", "equipment": "ahu-1",
    }  # fmt: skip
    (labels, _), = (await asker.at('{rack_no="7"}')).items()  # fmt: skip
    assert dict(labels)["tag_site"] == "x"


async def test_more_selectors_than_anybody_needs_are_refused_with_the_number(site, client):
    answer = await client.get(f"{BASE}/series", params={"match[]": ["power_w"] * 65})
    assert answer.status_code == 400
    assert "65 match[] were sent, at most 64" in answer.json()["error"]


async def test_metadata_gives_units_and_tells_counters_from_gauges(site, client):
    found = await data(await client.get(f"{BASE}/metadata"))
    assert found["energy_wh"] == [{"type": "counter", "help": "Readings in Wh", "unit": "Wh"}]
    assert found["power_w"][0]["type"] == "gauge"
    assert list(await data(await client.get(f"{BASE}/metadata", params={"metric": "soc"}))) == ["soc"]


async def test_a_panel_asks_by_form_with_what_grafana_adds(site, client):
    form = (
        f"query=sum+by+%28site%29+%28power_w%29&start={(NOW - 5 * MINUTE) // 1000}&end={NOW // 1000}&step=60"
        "&timeout=60s&stats=all"
    )
    answer = await data(await client.post(f"{BASE}/query_range", content=form, headers=FORM))
    assert answer == {
        "resultType": "matrix",
        "result": [
            {"metric": {"site": "plant"}, "values": [[(NOW - MINUTE) // 1000, "1204.5"], [NOW // 1000, "1204.5"]]}
        ],
    }


async def test_an_alert_rule_asks_at_one_instant_in_rfc_3339(site, client):
    asked = {"query": "power_w > 1000", "time": "2026-01-31T12:00:00.250Z"}
    answer = await data(await client.get(f"{BASE}/query", params=asked))
    assert answer["resultType"] == "vector"
    assert answer["result"][0]["value"] == [1769860800.25, "1204.5"]


async def test_what_is_not_finite_is_written_as_prometheus_does(site, client):
    asked = {"query": 'label_replace(vector(1)/0, "a", "b", "", "") or -vector(1)/0 or vector(0)/0', "time": "1.5"}
    answer = await data(await client.get(f"{BASE}/query", params=asked))
    assert [r["value"] for r in answer["result"]] == [[1.5, "+Inf"], [1.5, "-Inf"]]
    answer = await data(await client.get(f"{BASE}/query", params={"query": "0/0"}))
    assert answer["result"] == [NOW / 1000, "NaN"]


async def test_lists_that_penstock_does_not_have_are_empty(asker, client):
    assert await data(await client.get(f"{BASE}/rules")) == {"groups": []}
    assert await data(await client.get(f"{BASE}/alerts")) == {"alerts": []}
    assert await data(await client.post(f"{BASE}/query_exemplars", data={"query": "x"})) == []


async def test_a_key_that_may_only_read_may_ask_by_post(world, asker):
    key = world.keys.create("acme", "grafana", ("read",))
    answer = await world.client(key).post(f"{BASE}/query", data={"query": "1"})
    assert answer.status_code == 200
    basic = await world.client("").post(f"{BASE}/query", data={"query": "1"}, auth=("grafana", key))
    assert basic.status_code == 200


async def test_without_a_key_the_answer_is_401_in_prometheus_shape(world, asker):
    answer = await world.client("").get(f"{BASE}/query", params={"query": "1"})
    assert answer.status_code == 401
    assert answer.json()["status"] == "error"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"start": "1", "end": "2", "step": "1"}, "query"),
        ({"query": "1", "end": "2", "step": "1"}, "start"),
        ({"query": "1", "start": "x", "end": "2", "step": "1"}, "'start': 'x' is neither epoch seconds nor RFC 3339"),
        ({"query": "1", "start": "2026-01-31T12:00:00", "end": "2", "step": "1"}, "has no time zone"),
        ({"query": "1", "start": "1e300", "end": "2", "step": "1"}, "start"),
        ({"query": "1", "start": "2", "end": "1", "step": "1"}, "before start"),
        ({"query": "1", "start": "1", "end": "2", "step": "0"}, "step"),
        ({"query": "1", "start": "1", "end": "2", "step": "abc"}, "step"),
        ({"query": "1", "start": "0", "end": "11000", "step": "1"}, "11000 points"),
        ({"query": "1", "start": "1", "end": "2", "step": "1", "lookback_delta": "-1"}, "lookback_delta"),
        ({"query": "1", "start": "1", "end": "2", "step": "1", "limit": "-1"}, "limit"),
        ({"query": "1", "start": "1", "end": "2", "step": "1", "limit": "1.5"}, "limit"),
        ({"query": "1", "start": "1", "end": "2", "step": "1", "timeout": "soon"}, "timeout"),
        ({"query": "1", "start": "1", "end": "2", "step": "1", "timeout": "1e30"}, "timeout"),
    ],
)
async def test_a_parameter_that_is_wrong_is_named(asker, client, params, said):
    answer = await client.get(f"{BASE}/query_range", params=params)
    assert answer.status_code == 400
    assert answer.json()["errorType"] == "bad_data"
    assert said in answer.json()["error"]


class Meters:
    """Five series that read 0 to 4, asked at once (`query`) and over two steps (`query_range`)."""

    AT = NOW // 1_000
    ONCE, STEPS = ("query", {"time": AT}), ("query_range", {"start": AT - 30, "end": AT, "step": 30})
    CUT = "results truncated due to limit"

    @pytest.fixture(autouse=True)
    def meters(self, asker, reader):
        for i in range(5):
            reader.add("power_w", [(NOW - MINUTE, float(i))], sensor=f"m{i}")

    async def ask(self, client, way, query, **more):
        path, times = way
        answer = await client.get(f"{BASE}/{path}", params={"query": query, **times, **more})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        result = body["data"]["result"]
        return [r["metric"].get("sensor") for r in result if isinstance(r, dict)], body.get("warnings", [])


@pytest.mark.parametrize("way", [Meters.ONCE, Meters.STEPS], ids=["once", "steps"])
class TestALimit(Meters):
    async def test_shows_the_first_series_and_warns(self, client, way):
        assert await self.ask(client, way, "power_w", limit=2) == (["m0", "m1"], [self.CUT])

    @pytest.mark.parametrize("limit", ["", "0", "5", "6"])
    async def test_that_leaves_nothing_out_warns_of_nothing(self, client, way, limit):
        assert await self.ask(client, way, "power_w", limit=limit) == ([f"m{i}" for i in range(5)], [])

    async def test_is_for_series_only(self, client, way):
        assert (await self.ask(client, way, "scalar(vector(1))", limit=1))[1] == []


async def test_a_limit_keeps_the_order_that_was_asked_for(client, asker, reader):
    for i in range(5):
        reader.add("power_w", [(NOW - MINUTE, float(i))], sensor=f"m{i}")
    seen = await Meters().ask(client, Meters.ONCE, "sort_desc(power_w)", limit=2)
    assert seen == (["m4", "m3"], [Meters.CUT])
    assert await Meters().ask(client, Meters.ONCE, "power_w[5m]", limit=1) == (["m0"], [Meters.CUT])


@pytest.mark.parametrize("way", [Meters.ONCE, Meters.STEPS], ids=["once", "steps"])
class TestATimeout(Meters):
    async def refused(self, client, way, timeout):
        path, times = way
        answer = await client.get(f"{BASE}/{path}", params={"query": "power_w", **times, "timeout": timeout})
        assert answer.status_code == 503
        assert answer.json()["errorType"] == "timeout"
        return answer.json()["error"]

    async def test_ends_a_query_that_takes_longer(self, client, world, way):
        async def never(_):
            await asyncio.Event().wait()

        world.reader.ask = never
        assert "within 0.05 s" in await self.refused(client, way, "50ms")

    @pytest.mark.parametrize("timeout", ["0", "0s", "-1"])
    async def test_that_is_over_already_answers_nothing(self, client, way, timeout):
        await self.refused(client, way, timeout)

    async def test_is_no_longer_than_the_server_s_own(self, client, world, way, monkeypatch):
        async def never(_):
            await asyncio.Event().wait()

        monkeypatch.setattr(doors, "_DEADLINE", 0.05)
        world.reader.ask = never
        assert "within 0.05 s" in await self.refused(client, way, "1h")

    @pytest.mark.parametrize("timeout", ["30", "30s", "1h", "1m30s", ""])
    async def test_that_suffices_changes_nothing(self, client, way, timeout):
        assert (await self.ask(client, way, "power_w", timeout=timeout))[0] == [f"m{i}" for i in range(5)]


class LongRange:
    """More readings than may be read one by one."""

    STEP = 5 * MINUTE
    END = NOW // STEP * STEP
    START = END - 24 * 60 * MINUTE

    @pytest.fixture
    def readings(self, reader, monkeypatch):
        monkeypatch.setattr(fetch, "MAX_READINGS", 2000)
        readings = [(self.START + i * 30_000, float(i % 97)) for i in range(24 * 120 + 1)]
        reader.add("power_w", readings)
        return readings


class TestLongRanges(LongRange):
    """Are answered from windows, where that gives something exact."""

    def just_before(self, readings, function, span):
        """What `function` is 1 ms before every step."""
        steps = range(self.START + span, self.END + 1, self.STEP)
        return {t: function([v for ts, v in readings if t - span <= ts < t]) for t in steps}

    @pytest.mark.parametrize(
        ("query", "function", "span"),
        [
            ("power_w", lambda v: v[-1], 5 * MINUTE),
            ("avg_over_time(power_w[5m])", lambda v: sum(v) / len(v), 5 * MINUTE),
            ("avg_over_time(power_w[1h])", lambda v: sum(v) / len(v), 60 * MINUTE),
            ("max_over_time(power_w[10m])", max, 10 * MINUTE),
            ("min_over_time(power_w[10m])", min, 10 * MINUTE),
            ("sum_over_time(power_w[10m])", sum, 10 * MINUTE),
            ("count_over_time(power_w[10m])", len, 10 * MINUTE),
            ("present_over_time(power_w[10m])", lambda _: 1, 10 * MINUTE),
            ("last_over_time(power_w[1h])", lambda v: v[-1], 60 * MINUTE),
        ],
    )
    async def test_are_answered_from_windows_as_of_1_ms_before_each_step(
        self, asker, reader, readings, query, function, span
    ):
        got = await asker.range(query, self.START + span, self.END, self.STEP)
        (line,) = got.values()
        want = self.just_before(readings, function, span)
        assert line == pytest.approx(want)
        assert all(f.fn != "raw" for q in reader.asked if isinstance(q, Query) for f in q.fetch.values())

    async def test_say_so_in_a_warning(self, asker, client, readings):
        asked = {"query": "power_w", "start": self.START / 1e3, "end": self.END / 1e3, "step": "5m"}
        body = (await client.get(f"{BASE}/query_range", params=asked)).json()
        assert "1 ms before" in body["warnings"][0]

    @pytest.mark.parametrize(
        "query", ["rate(power_w[5m])", "stddev_over_time(power_w[5m])", "max_over_time(power_w[90s])"]
    )
    async def test_are_refused_where_nothing_exact_can_be_given(self, asker, client, readings, query):
        asked = {"query": query, "start": self.START / 1e3, "end": self.END / 1e3, "step": "5m"}
        answer = await client.get(f"{BASE}/query_range", params=asked)
        assert answer.status_code == 422
        assert "2881 readings" in answer.json()["error"]

    async def test_are_read_in_pieces_that_fit_an_answer(self, asker, reader, readings, monkeypatch):
        monkeypatch.setattr(fetch, "MAX_READINGS", 10_000)
        reader.most = 500
        got = await asker.range("count_over_time(power_w[1d])", self.END, self.END, MINUTE)
        assert got == {frozenset({("site", "hq"), ("sensor", "s1"), ("unit", "W")}): {self.END: 2880.0}}


class TestOneInstantOfALongRange(LongRange):
    """One step alone needs no windows: an aggregate of exactly its range stands for all readings."""

    AT = LongRange.END - 17_001

    @pytest.mark.parametrize(
        ("query", "function", "span"),
        [
            ("avg_over_time(power_w[20h])", lambda v: sum(v) / len(v), 20 * 60 * MINUTE),
            ("count_over_time(power_w[5y])", len, 1 << 50),
            ("sum_over_time(power_w[1234567s])", sum, 1 << 50),
            ("max_over_time(power_w[20h1s])", max, 20 * 60 * MINUTE + 1_000),
            ("last_over_time(power_w[20h])", lambda v: v[-1], 20 * 60 * MINUTE),
            ("present_over_time(power_w[20h])", lambda _: 1, 20 * 60 * MINUTE),
        ],
    )
    async def test_is_answered_exactly(self, asker, reader, readings, query, function, span):
        ((_, got),) = (await asker.at(query, self.AT)).items()
        assert got == pytest.approx(function([v for ts, v in readings if self.AT - span < ts <= self.AT]))
        assert all(f.fn != "raw" for q in reader.asked if isinstance(q, Query) for f in q.fetch.values())

    async def test_is_no_approximation_that_is_warned_about(self, client, asker, readings):
        asked = {"query": "avg_over_time(power_w[5y])", "time": self.AT / 1e3}
        assert "warnings" not in (await client.get(f"{BASE}/query", params=asked)).json()

    async def test_takes_one_question_even_where_the_readings_could_be_read(self, asker, reader, readings, monkeypatch):
        monkeypatch.setattr(fetch, "MAX_READINGS", 10_000)
        monkeypatch.setattr(fetch, "_PER_QUESTION", 100)
        await asker.at("avg_over_time(power_w[20h])", self.AT)
        asked = [f.fn for q in reader.asked if isinstance(q, Query) for f in q.fetch.values()]
        assert asked == ["count", "sum"]

    async def test_newest_readings_are_found_in_a_long_lookback(self, asker, readings):
        assert list((await asker.at("power_w", self.AT, lookback_delta="1d")).values()) == [
            [v for ts, v in readings if ts <= self.AT][-1]
        ]

    @pytest.mark.parametrize("query", ["power_w[5y]", "stddev_over_time(power_w[5y])"])
    async def test_is_refused_where_it_takes_the_readings_themselves(self, asker, readings, query):
        status, kind, error = await asker.refused(query, self.AT)
        assert (status, kind) == (422, "execution")
        assert "readings" in error

    async def test_a_refusal_names_instants_that_a_calendar_has(self, asker, readings):
        status, _, error = await asker.refused("stddev_over_time(power_w[30000y])", 900_000_000_000_000)
        assert status == 422
        assert "to 2026-" in error

    async def test_a_reading_s_own_instant_is_not_that_of_an_aggregate(self, client, asker, readings):
        asked = {"query": "timestamp(power_w)", "start": self.START / 1e3, "end": self.END / 1e3, "step": "5m"}
        assert (await client.get(f"{BASE}/query_range", params=asked)).status_code == 422
        assert (await client.get(f"{BASE}/query", params=asked | {"lookback_delta": "1d"})).status_code == 422


async def test_a_range_longer_than_the_data_is_read_from_the_first_reading_on(asker, reader):
    first = NOW - 90 * MINUTE
    reader.add("power_w", [(first + i * MINUTE, 1.0) for i in range(90)])
    assert list((await asker.at("count_over_time(power_w[5y])")).values()) == [90.0]
    assert {q.start for q in reader.asked if isinstance(q, Query)} == {first}


async def test_series_that_have_no_readings_in_the_range_split_no_selection(asker, reader):
    for i in range(40):
        reader.add("power_w", [(NOW - (MINUTE if i % 2 else 600 * MINUTE), 1.0)], sensor=f"m{i}")
    assert await asker.at('sum(power_w{site="hq"})') == {frozenset(): 20.0}
    (question,) = [q for q in reader.asked if isinstance(q, Query)]
    assert [(f.where.site, f.where.sensor) for f in question.fetch.values()] == [(None, None)]


async def test_only_the_series_that_are_wanted_are_read(asker, reader):
    for site in ("a", "b", "c"):
        for i in range(20):
            reader.add("power_w", [(NOW - MINUTE, 1.0)], site=site, sensor=f"m{i}")
    assert await asker.at('sum(power_w{site=~"a|b", sensor=~"m1|m2"})') == {frozenset(): 4.0}
    (question,) = [q for q in reader.asked if isinstance(q, Query)]
    assert {(f.where.site, f.where.sensor) for f in question.fetch.values()} == {
        (site, sensor) for site in "ab" for sensor in ("m1", "m2")
    }


async def test_what_an_expression_names_twice_is_read_once(asker, reader):
    reader.add("power_w", [(NOW - MINUTE, 4.0)])
    await asker.at("power_w / power_w + power_w")
    assert sum(isinstance(q, Query) for q in reader.asked) == 1
