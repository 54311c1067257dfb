"""What commands that ask the platform share: asking, with help for a mistyped metric, and showing the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import quote

from penstock.app.console import is_terminal, note, paint, show_rows, write_json
from penstock.model.errors import InvalidInput, NotFound

__all__ = ["GROUP_COLUMNS", "ask", "segment", "show_answer"]

GROUP_COLUMNS: Final = {"site": "site_id", "sensor": "sensor_id", "building": "building", "room": "room"}
"""What may be grouped by → its column in an answer."""


def ask(client: Any, path: str, params: Mapping[str, Any]) -> Any:
    """The answer; a metric that does not exist is refused with the one that was probably meant."""
    metric = params["metric"]
    refusal: NotFound | None = None
    answer: Any = {"data": []}
    try:
        answer = client.get(path, **params)
    except NotFound as error:
        refusal = error
    if not answer["data"] and metric is not None and "*" not in metric:
        known = {row["metric"] for row in client.get("/v1/series", limit=10_000)["data"]}
        if metric not in known:
            close = get_close_matches(metric, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "`penstock tail` shows what arrives"
            raise NotFound(f"there is no metric {metric!r}", hint=hint)
    if refusal is not None:
        raise refusal
    return answer


def show_answer(answer: Mapping[str, Any], columns: Sequence[str], *, as_json: bool) -> None:
    """JSON, or a table of these columns with how fresh it is."""
    if as_json:
        write_json(answer)
        return
    show_rows(answer["data"], columns)
    if not is_terminal():
        return
    more = " · there is more: raise --limit" if answer.get("next_cursor") else ""
    note(paint("2", f"{len(answer['data'])} rows · everything acknowledged before {answer['as_of']} is in it{more}"))


def segment(name: str) -> str:
    """A name as one segment of a path; raises InvalidInput for none."""
    if not name:
        raise InvalidInput("the name is empty", code="usage")
    return quote(name, safe="*")
