"""Prometheus's remote write 1.0 (the protobuf message `prometheus.WriteRequest`, decompressed) into Drafts.

A sample's labels become a series: `__name__` the metric, `site` (else `job`) the site, `unit` the unit, `building` and `room` where the
sensor is. `sensor` names the sensor; without it that is `instance` with all labels that are left, because Prometheus tells
series apart by every label and Penstock by sensor and metric. The labels that are left are also tags.
Message: https://prometheus.io/docs/specs/prw/remote_write_spec/
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np

from penstock.model.batch import Draft, DraftKey
from penstock.model.errors import InvalidInput
from penstock.model.series import Attributes
from penstock.sources.formats.collect import Collector, check_rows

__all__ = ["decode_remote_write"]

_TAKEN: Final = frozenset(
    {"__name__", "metric", "site", "job", "sensor", "instance", "unit", "building", "room", "equipment"}
)
_MAX_LABELS: Final = 64


@cache
def _write_request() -> tuple[Any, type[Exception]]:
    """The class of `WriteRequest`, of the fields that are read (others are skipped as unknown), and what it raises for other bytes."""
    # Ten megabytes in every process that decodes anything, for a format that most do not receive.
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: PLC0415 - as above
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - as above

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="penstock/remote_write.proto", package="prometheus", syntax="proto3")
    shapes: dict[str, tuple[tuple[str, int, int, str], ...]] = {
        "Label": (("name", 1, kinds.TYPE_STRING, ""), ("value", 2, kinds.TYPE_STRING, "")),
        "Sample": (("value", 1, kinds.TYPE_DOUBLE, ""), ("timestamp", 2, kinds.TYPE_INT64, "")),
        "TimeSeries": (
            ("labels", 1, kinds.TYPE_MESSAGE, "Label"),
            ("samples", 2, kinds.TYPE_MESSAGE, "Sample"),
            ("histograms", 4, kinds.TYPE_BYTES, ""),
        ),
        "WriteRequest": (("timeseries", 1, kinds.TYPE_MESSAGE, "TimeSeries"),),
    }
    for name, fields in shapes.items():
        message = file.message_type.add(name=name)
        for field, number, kind, of in fields:
            single = name in {"Label", "Sample"}
            label = kinds.LABEL_OPTIONAL if single else kinds.LABEL_REPEATED
            added = message.field.add(name=field, number=number, type=kind, label=label)  # pyright: ignore[reportArgumentType] - the kinds are the enumeration's
            if of:
                added.type_name = f".prometheus.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("prometheus.WriteRequest")), DecodeError


def decode_remote_write(body: bytes, *, skipped: Callable[[int], object] | None = None) -> Draft:
    """Readings of a WriteRequest; a row is a sample, in the order of the request.

    NaN is no reading: what is a stale marker, or a value that was never there, is no row, and `skipped` is told how many were.
    Raises InvalidInput (`malformed_protobuf`), TooLarge.
    """
    message, undecodable = _write_request()
    request = message()
    try:
        request.ParseFromString(body)
    except (undecodable, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"not a WriteRequest: {str(error)[:200]}",
            code="malformed_protobuf",
            hint="send Prometheus remote write 1.0: a snappy-compressed prometheus.WriteRequest",
        ) from None
    check_rows(sum(len(series.samples) for series in request.timeseries), "samples")
    out, rows, missing = Collector(), 0, 0
    for series in request.timeseries:
        samples = series.samples
        value = np.fromiter((sample.value for sample in samples), np.float64, len(samples))
        ts = np.fromiter((sample.timestamp for sample in samples), np.int64, len(samples))
        known = ~np.isnan(value)
        count = int(known.sum())
        missing += len(samples) - count
        for _ in series.histograms:
            out.reject(rows, "unsupported_histogram", "native histograms are not understood; send classic ones")
            rows += 1
        if not count:
            continue
        try:
            key, said = _key({label.name: label.value for label in series.labels})
        except InvalidInput as error:
            for at in range(rows, rows + count):
                out.refuse(at, error)
        else:
            code = np.full(count, out.code(key), np.int32)
            out.block(code, ts[known], value[known], np.arange(rows, rows + count, dtype=np.int32))
            out.describe(key.site, key.sensor, said)
        rows += count
    if missing and skipped is not None:
        skipped(missing)
    return out.draft(rows)


def _key(labels: dict[str, str]) -> tuple[DraftKey, Attributes]:
    """The series of these labels, and what they say about its sensor. Raises InvalidInput."""
    if len(labels) > _MAX_LABELS:
        raise InvalidInput(f"a series has {len(labels)} labels, more than {_MAX_LABELS}", code="too_many_labels")
    name = labels.get("metric") or labels.get("__name__")
    if not name:
        raise InvalidInput("a series has no label __name__", code="missing_field")
    rest = {key: labels[key] for key in sorted(labels) if key not in _TAKEN and labels[key]}
    sensor = labels.get("sensor")
    if not sensor:
        sensor = labels.get("instance", "")
        if rest:
            sensor += "{" + ",".join(f"{key}={value}" for key, value in rest.items()) + "}"
    if not sensor:
        raise InvalidInput(
            f"{name} names no sensor",
            code="missing_field",
            hint="send a label `sensor`, or `instance` as Prometheus does",
        )
    site = labels.get("site") or labels.get("job") or None
    attributes = Attributes(labels.get("building", ""), labels.get("room", ""), tags=rest)
    return DraftKey(site, sensor, name, labels.get("unit") or None), attributes
