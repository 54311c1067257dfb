"""Finding the platform and its key, and understanding what it refuses."""

from __future__ import annotations

import httpx2
import pytest

from penstock.app.client import error_from, locate
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
