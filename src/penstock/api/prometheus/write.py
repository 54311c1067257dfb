"""Prometheus remote write: samples of a Prometheus or an agent, with the answers that its senders understand.

They repeat after 5xx and 429, and drop what was refused with another 4xx; a partly good request is therefore stored as far as it
is good and answered 400, so that it is reported once and not sent again.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import FastAPI, Request
from prometheus_client import Counter
from starlette.responses import Response

from penstock.api.intake import Intake, timeless
from penstock.api.problems import PROMETHEUS_PREFIX
from penstock.api.prometheus import examples
from penstock.model.errors import InvalidInput
from penstock.sources.formats import decode_remote_write

__all__ = ["RemoteWriteDoor"]

_SKIPPED: Final = Counter(
    "penstock_remote_write_skipped_samples", "Samples of remote write without a value: stale markers and NaN"
)
_TYPE: Final = "application/x-protobuf"
_MESSAGES: Final = frozenset({"", "prometheus.writerequest"})


class RemoteWriteDoor:
    """The route; one instance per app."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def install(self, app: FastAPI) -> None:
        """Add the route."""
        app.add_api_route(f"{PROMETHEUS_PREFIX}api/v1/write", self.write, methods=["POST"], **examples.WRITE)

    async def write(self, request: Request) -> Response:
        """Samples as remote write 1.0 sends them: a snappy block of a protobuf message. 204, or 400 with the reasons."""
        _check_type(request)
        try:
            decode = timeless(partial(decode_remote_write, skipped=_SKIPPED.inc))
            outcome = await self._intake.readings(request, decode, "remote-write")
        except InvalidInput as error:
            if error.code != "empty_request":
                raise
            return Response(status_code=204)  # stale markers only, or an agent that tries its connection
        if outcome.refused:
            first = outcome.rejected[0]
            raise InvalidInput(
                f"{outcome.refused} of {outcome.draft.rows} samples were refused, the others are stored; sample {first.row}: "
                f"{first.detail}",
                code=first.code,
            )
        return Response(status_code=204)


def _check_type(request: Request) -> None:
    """Raises InvalidInput (`unsupported_media_type`) for another message than that of remote write 1.0."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    message = rest.strip().lower().removeprefix("proto=").strip('"')
    if kind.strip().lower() != _TYPE or message not in _MESSAGES:
        raise InvalidInput(
            f"Content-Type {request.headers.get('content-type', '(none)')!r:.120} is not accepted here",
            code="unsupported_media_type",
            hint=f"send {_TYPE} with remote write 1.0; remote write 2.0 is not understood",
        )
