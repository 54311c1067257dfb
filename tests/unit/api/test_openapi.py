"""The OpenAPI document: whole, valid by its own references, stable, and never silent about an operation."""

import json
import re

import pytest

from penstock.api.auth import PUBLIC_PATHS
from penstock.model.batch import Batch
from penstock.model.frame import Frame
from penstock.model.ledger import DeadLetter, Part
from penstock.query.letters import dead_letters
from penstock.query.port import Answer, DeadLetterQuestion
from penstock.store.series.memory import MemorySeriesStore

OPERATIONS = {
    "POST /api/v2/write writeLineProtocol",
    "POST /v1/readings writeReadings",
    "POST /v1/buildings/{building}/rooms/{room}/temperature writeRoomTemperature",
    "GET /v1/buildings/{building}/rooms/{room}/temperature/average roomTemperatureAverage",
    "POST /v1/battery-readings writeBatteryReadings",
    "GET /v1/battery-readings/search searchBatteryReadings",
    "GET /v1/battery-readings/{reading} getBatteryReading",
    "POST /v1/events writeEvents",
    "GET /v1/events listEvents",
    "GET /v1/sensors/{sensor}/recent recentReadings",
    "GET /v1/sites/{site}/agg siteAggregate",
    "GET /v1/sensors/{sensor}/energy sensorEnergy",
    "GET /v1/sites/{site}/energy siteEnergy",
    "GET /v1/latest latestReadings",
    "GET /v1/fleet fleet",
    "GET /v1/assets listAssets",
    "GET /v1/sites/{site}/flow siteFlow",
    "GET /v1/sites/{site}/flow/series siteFlowSeries",
    "GET /v1/batteries listBatteries",
    "GET /v1/batteries/{battery} batteryHealth",
    "POST /v1/query query",
    "GET /v1/series listSeries",
    "GET /v1/stream liveStream",
    "POST /v1/live/ticket liveTicket",
    "GET /graphql graphqlGet",
    "POST /graphql graphqlQuery",
    "GET /graphql/schema graphqlSchema",
    "GET /v1/receipts/{receipt} getReceipt",
    "GET /v1/explain explainReading",
    "GET /v1/query queryText",
    "POST /v1/exports export",
    "GET /v1/jobs listJobs",
    "GET /v1/jobs/{job} getJob",
    "DELETE /v1/jobs/{job} deleteJob",
    "GET /v1/jobs/{job}/result getJobResult",
    "GET /v1/system/ledger getLedger",
    "GET /v1/system/status getStatus",
    "GET /v1/system/pipeline getPipeline",
    "GET /v1/me getMe",
    "POST /v1/session openSession",
    "DELETE /v1/session closeSession",
    "GET /v1/keys listKeys",
    "POST /v1/keys createKey",
    "DELETE /v1/keys/{key} revokeKey",
    "GET /v1/dead-letters listDeadLetters",
    "GET /v1/dead-letters/{letter} getDeadLetter",
    "POST /v1/dead-letters/{letter}/replay replayDeadLetter",
    "POST /v1/dead-letters/{letter}/discard discardDeadLetter",
    "POST /prometheus/api/v1/write prometheusRemoteWrite",
    "GET /prometheus/api/v1/query prometheusQuery",
    "POST /prometheus/api/v1/query prometheusQueryForm",
    "GET /prometheus/api/v1/query_range prometheusQueryRange",
    "POST /prometheus/api/v1/query_range prometheusQueryRangeForm",
    "GET /prometheus/api/v1/labels prometheusLabels",
    "POST /prometheus/api/v1/labels prometheusLabelsForm",
    "GET /prometheus/api/v1/series prometheusSeries",
    "POST /prometheus/api/v1/series prometheusSeriesForm",
    "GET /prometheus/api/v1/query_exemplars prometheusExemplars",
    "POST /prometheus/api/v1/query_exemplars prometheusExemplarsForm",
    "GET /prometheus/api/v1/label/{name}/values prometheusLabelValues",
    "GET /prometheus/api/v1/metadata prometheusMetadata",
    "GET /prometheus/api/v1/rules prometheusRules",
    "GET /prometheus/api/v1/alerts prometheusAlerts",
    "GET /prometheus/api/v1/status/buildinfo prometheusBuildInfo",
    "GET /v1/catalog/{kind} listRecords",
    "POST /v1/catalog/{kind} createRecord",
    "GET /v1/catalog/{kind}/{key} getRecord",
    "PUT /v1/catalog/{kind}/{key} replaceRecord",
    "PATCH /v1/catalog/{kind}/{key} changeRecord",
    "DELETE /v1/catalog/{kind}/{key} deleteRecord",
    "GET /v1/catalog/unassigned listUnassigned",
    "POST /v1/catalog/assign assignSensors",
    "GET /v1/catalog/export exportCatalog",
    "POST /v1/catalog/import importCatalog",
    "GET /healthz liveness",
    "GET /readyz readiness",
    "GET /metrics metrics",
}
"""The public contract: an operation that leaves this list breaks somebody's client."""


@pytest.fixture
async def document(world):
    return (await world.client("").get("/openapi.json")).json()


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


async def test_the_contract_holds_exactly_these_operations(document):
    assert {f"{m.upper()} {p} {o['operationId']}" for p, m, o in operations(document)} == OPERATIONS


async def test_every_operation_has_an_id_a_summary_a_description_and_examples(document):
    for path, method, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        success = next(v for k, v in operation["responses"].items() if k.startswith("2"))
        if operation["operationId"] not in {
            "writeLineProtocol",
            "prometheusRemoteWrite",
            "deleteJob",
            "closeSession",
            "revokeKey",
        }:  # success is 204
            assert all("example" in content for content in success["content"].values()), path
            assert success["content"], path
        if method == "post" and operation["operationId"] != "liveTicket":
            for media, content in operation["requestBody"]["content"].items():
                assert content["schema"], (path, media)
                assert content["examples"], (path, media)
        foreign = operation["operationId"] in {"writeLineProtocol", "prometheusRemoteWrite"}
        refusal = "application/json" if foreign else "application/problem+json"
        assert refusal in operation["responses"]["default"]["content"]


async def test_a_json_answer_has_types_and_a_list_says_what_is_always_there(document):
    for path, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            for media, content in answer.get("content", {}).items() if status.startswith("2") else ():
                if media.endswith("json") and isinstance(content.get("example"), dict):
                    properties = content["schema"]["properties"]
                    assert properties.keys() >= content["example"].keys(), path
    recent = document["paths"]["/v1/sensors/{sensor}/recent"]["get"]["responses"]["200"]["content"]["application/json"]
    assert recent["schema"]["required"] == ["as_of", "complete", "data", "next_cursor", "staleness_ms"]
    assert recent["schema"]["properties"]["data"]["items"]["properties"]["value"] == {"type": ["number", "null"]}
    assert recent["schema"]["properties"]["next_cursor"] == {"type": ["string", "null"]}


async def test_every_reference_resolves_and_every_path_parameter_is_declared(document):
    text = json.dumps(document)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', text):
        part = document
        for name in reference.split("/"):
            part = part[name]
    for path, _, operation in operations(document):
        named = set(re.findall(r"\{(\w+)\}", path))
        declared = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert named == declared, path
    assert "HTTPValidationError" not in text


async def test_query_parameters_carry_their_public_names(document):
    for _, _, operation in operations(document):
        names = {p["name"] for p in operation.get("parameters", []) if p["in"] == "query"}
        assert not any(name.endswith("_") or name == "params" for name in names)
    recent = document["paths"]["/v1/sensors/{sensor}/recent"]["get"]
    names = {p["name"] for p in recent["parameters"] if p["in"] == "query"}
    assert names == {"limit", "metric", "site", "unit", "from", "to", "cursor"}


async def test_everything_but_the_public_paths_asks_for_the_key(document):
    assert document["openapi"].startswith("3.1")
    assert document["security"] == [{"key": []}]
    open_paths = {path for path, _, operation in operations(document) if operation.get("security") == []}
    assert open_paths == PUBLIC_PATHS & document["paths"].keys()


async def test_the_document_is_the_same_every_time_and_at_both_addresses(make_world):
    first, second = await make_world(), await make_world()
    texts = {
        (await w.client("").get(path)).text for w in (first, second) for path in ("/openapi.json", "/v1/openapi.json")
    }
    assert len(texts) == 1


async def open_letter(world):
    """A dead letter `d1` for the doors that settle one."""
    store = MemorySeriesStore(world.clock)
    letter = DeadLetter("d1", "http", world.clock.ms, "not_finite", "is nan", b"{}", rows=1, stamp=1)
    part = Part("r", "http", 0, dead_lettered=1)
    await store.commit([Frame("f", "acme", 1, (part,), Batch.empty("acme"), dead_letters=(letter,))])

    async def answer(question):
        return Answer((await dead_letters(store, question))[0], world.clock.ms, 0, True)

    world.reader.answers[DeadLetterQuestion] = answer


async def test_written_examples_are_accepted_by_their_own_route(world, document):
    world.clock.ms = 1_769_860_800_000
    client = world.client(world.keys.create("acme", "operator", scopes=("admin",)))
    await open_letter(world)
    await world.catalog.open()
    # What is assigned must have been created.
    posted = [(path, o) for path, method, o in operations(document) if method == "post" and "requestBody" in o]
    posted = [(path, o) for path, o in posted if path != "/v1/session"]  # its example cannot hold a key of this world
    for path, operation in sorted(posted, key=lambda item: item[1]["operationId"] != "createRecord"):
        for media, content in operation["requestBody"]["content"].items():
            if "arrow" in media or "protobuf" in media:
                continue
            for name, example in content["examples"].items():
                value = example["value"]
                body = value if isinstance(value, str) else json.dumps(value)
                url = path.format(building="hq", room="101", letter="d1", kind=name)
                answer = await client.post(url, content=body, headers={"content-type": media})
                assert answer.status_code in {200, 201, 204}, (path, media, name, answer.text)


async def test_an_explanation_is_typed_for_readings_that_are_missing_too(document):
    answer = document["paths"]["/v1/explain"]["get"]["responses"]["200"]["content"]["application/json"]
    members = answer["schema"]["properties"]
    assert members.keys() >= {"value", "decision", "latency", "versions", "refused", "reasons", "nearest"}
    assert members["reasons"]["items"]["properties"].keys() == {"code", "detail", "receipt", "close"}
    neighbour = {"ts": {"type": ["string", "null"], "format": "date-time"}, "value": {"type": ["number", "null"]}}
    assert members["nearest"]["properties"]["before"]["properties"] == neighbour
    assert members["versions"]["items"]["properties"]["wins"] == {"type": ["boolean", "null"]}
    assert [example["found"] for example in (answer["example"], *answer["schema"]["examples"])] == [True, False, False]
