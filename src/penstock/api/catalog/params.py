"""What the doors of the catalog can be asked with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from penstock.api.params import Params
from penstock.model.errors import InvalidInput
from penstock.query.port import Select
from penstock.store.catalog import Kind

__all__ = ["ExportParams", "ImportParams", "RecordParams", "UnassignedParams"]

_Name = Annotated[str | None, Field(max_length=256)]
_Format = Literal["json", "csv", "brick", "haystack"]
_Cursor = Annotated[str | None, Field(max_length=4096, description="`next_cursor` of the answer before")]
_KIND = "Of CSV: the kind of record, one file for each"
_OWN = frozenset({"limit", "cursor"})


class RecordParams(Params):
    """Which records; every text may hold `*`. A filter must be a field of the kind."""

    id: _Name = None
    name: _Name = None
    site: _Name = None
    building: _Name = None
    room: _Name = None
    floor: _Name = None
    equipment: _Name = None
    type: _Name = None
    part_of: _Name = None
    device: _Name = None
    sensor_type: _Name = None
    site_id: _Name = None
    sensor_id: _Name = None
    metric: _Name = None
    limit: Annotated[int, Field(ge=1, le=10_000, description="Records at most")] = 1000
    cursor: _Cursor = None

    def where(self, kind: Kind) -> dict[str, str]:
        """Field → what it must be. Raises InvalidInput for a field that the kind has not."""
        given: dict[str, str] = self.model_dump(exclude_none=True, exclude=set(_OWN))
        for name in given:
            if name not in kind.fields:
                raise InvalidInput(
                    f"a {kind.singular} has no {name}",
                    code="unknown_parameter",
                    hint=f"filter by {', '.join(f for f in kind.fields if f in type(self).model_fields)}",
                )
        return given


class UnassignedParams(Params):
    """Which series; every text may hold `*`."""

    site: _Name = None
    sensor: _Name = None
    metric: _Name = None
    limit: Annotated[int, Field(ge=1, le=10_000, description="Series at most")] = 1000
    cursor: _Cursor = None

    def select(self) -> Select:
        return Select(site=self.site, sensor=self.sensor, metric=self.metric)


class ExportParams(Params):
    """What to write."""

    format: _Format = "json"
    kind: Annotated[str, Field(max_length=32, description=_KIND)] = "points"


class ImportParams(Params):
    """How to read what is sent."""

    format: Annotated[_Format | None, Field(description="Follows from Content-Type; haystack must be named")] = None
    kind: Annotated[str, Field(max_length=32, description=_KIND)] = "points"
    dry_run: Annotated[bool, Field(description="Judge every record, and change nothing")] = False
    create_missing: Annotated[
        bool,
        Field(
            description="Of a CSV of points: also create the sites, buildings, rooms, equipment, devices and sensor types that "
            "it names and that are not there"
        ),
    ] = False
