"""Finding the platform and its key, and understanding what it refuses."""

from __future__ import annotations

import httpx2
import pytest

from penstock.app.client import Client, error_from, locate
from penstock.app.config import Settings
from penstock.app.datadir import DataDir
from penstock.app.values import Bind
from penstock.model.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    PenstockError,
    TooLarge,
    Unavailable,
)
from tests.unit.app.answering import answering


def test_a_named_platform_and_key_are_taken_as_they_are(tmp_path):
    settings = Settings(data=tmp_path, url="https://p.example/", key="pk_x")
    assert locate(settings)[:2] == ("https://p.example", "pk_x")


def test_the_local_key_goes_to_this_machine_only(tmp_path):
    key = DataDir(tmp_path).local_key()
    assert locate(Settings(data=tmp_path, url="http://127.0.0.1:9"))[:2] == ("http://127.0.0.1:9", key)
    with pytest.raises(NotAllowed, match="no API key"):
        locate(Settings(data=tmp_path, url="http://127.0.0.1.example:9"))


def test_without_a_running_platform_an_explicit_address_is_tried(tmp_path):
    with pytest.raises(Unavailable, match="no platform is running"):
        locate(Settings(data=tmp_path))
    key = DataDir(tmp_path).local_key()
    settings = Settings(data=tmp_path, http=Bind("0.0.0.0", 8080), origins={"http": "PENSTOCK_HTTP"})
    assert locate(settings)[:2] == ("http://127.0.0.1:8080", key)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, InvalidInput), (401, NotAllowed), (403, NotAllowed), (404, NotFound), (409, Conflict), (413, TooLarge),
     (422, InvalidInput), (429, Unavailable), (500, PenstockError), (503, Unavailable)],
)  # fmt: skip
def test_a_problem_becomes_the_error_that_was_meant(status, kind):
    document = {"detail": "d", "code": "c", "hint": "h"}
    response = httpx2.Response(status, json=document, headers={"retry-after": "7"})
    error = error_from(response)
    assert type(error) is kind
    assert (error.detail, error.hint) == ("d", "h")
    if isinstance(error, Unavailable):
        assert error.retry_after == 7.0


def test_an_answer_of_something_else_is_told_by_its_status():
    request = httpx2.Request("GET", "http://proxy/x")
    error = error_from(httpx2.Response(502, text="<html>", request=request))
    assert "http://proxy/x answered 502" in error.detail


AWAY = 503, {"detail": "nobody answers on readings.query", "code": "unavailable"}
FINE = 200, {"fine": True}


def client_of(tmp_path, url, **options):
    return Client(Settings(data=tmp_path, url=url, key="pk_x"), **options)


@pytest.mark.parametrize("answers", [(AWAY, AWAY, FINE), (None, FINE), ((502, {}), FINE)], ids=["away", "cut off", "proxy"])  # fmt: skip
def test_a_question_is_repeated_until_the_platform_is_back_and_one_line_says_so(tmp_path, capsys, answers):
    with answering(*answers) as (url, seen), client_of(tmp_path, url) as client:
        assert client.get("/v1/system/status") == {"fine": True}
    assert seen == [("GET", "/v1/system/status")] * len(answers)
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert "asking again for up to 15 s" in line


def test_patience_ends_with_what_the_platform_said(tmp_path):
    with (
        answering(AWAY) as (url, seen),
        client_of(tmp_path, url, patience=0.3) as client,
        pytest.raises(Unavailable, match="nobody answers"),
    ):
        client.get("/v1/system/status")
    assert len(seen) > 1


@pytest.mark.parametrize("status", [400, 401, 404, 409, 413, 500])
def test_what_cannot_get_better_is_asked_once(tmp_path, capsys, status):
    with answering((status, {"detail": "d", "code": "c"})) as (url, seen), client_of(tmp_path, url) as client:
        with pytest.raises(PenstockError):
            client.get("/v1/system/status")
        assert len(seen) == 1
    assert capsys.readouterr().err == ""


def test_what_changes_something_is_sent_once(tmp_path):
    with answering(AWAY) as (url, seen), client_of(tmp_path, url) as client:
        with pytest.raises(Unavailable):
            client.post("/v1/sites", b"{}", "application/json")
        with pytest.raises(Unavailable):
            client.delete("/v1/jobs/1")
        assert [method for method, _ in seen] == ["POST", "DELETE"]


def test_where_nobody_listens_nothing_is_waited_for(tmp_path, capsys):
    with answering(FINE) as (url, _):
        pass
    with client_of(tmp_path, url) as client, pytest.raises(Unavailable, match="cannot be reached"):
        client.get("/v1/system/status")
    assert capsys.readouterr().err == ""
