"""Admission: what a client sent becomes valid readings in canonical units, or row errors that say why not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from penstock.model.batch import SEQ_BASE, Batch, Draft, DraftKey, SensorKey
from penstock.model.errors import InvalidInput, RowError
from penstock.model.event import Event
from penstock.model.findings import NOTHING_FOUND, Converted, Findings
from penstock.model.series import NO_SITE, Attributes, SeriesKey, check_name
from penstock.model.time import FUTURE_TOLERANCE, TIME_CODES, check_times, format_time
from penstock.model.units import Conversion, conversion, quantity_of, resolve_metric
from penstock.pipeline.findings import conversions, first_refused, reasons

__all__ = ["Admission", "admit", "admit_events", "trim"]

MAX_TAGS = 64


@dataclass(frozen=True, slots=True)
class Admission:
    """The outcome for one request: good readings, and a verdict for each row that was refused.

    `batch.version` is SEQ_BASE + seq where the sender gave one, else 0 until the gate stamps it. `rows` counts the rows
    that were accepted; a row is accepted or refused as a whole. `findings` go to the gate, for the receipt.
    """

    batch: Batch
    rows: int
    rejected: tuple[RowError, ...]
    findings: Findings


class _Rule(NamedTuple):
    """How one distinct key of a draft is treated: its series and conversion, or the reason it is refused.

    `converted` tells the conversion where there is any; equal ones are one object.
    """

    series: SeriesKey | None
    factor: float
    offset: float
    low: float
    high: float
    problem: tuple[str, str] | None
    converted: Converted | None = None


class _Rules:
    """The rules of all keys of a draft, in columns. Senders repeat themselves, so they are kept between drafts.

    series is int32 [k]: the index in `known` of each key's series, -1 where the key is refused.
    """

    def __init__(self, keys: Sequence[DraftKey], tenant: str) -> None:
        self.each = [_rule(key, tenant) for key in keys]
        self.factor, self.offset, self.low, self.high = (
            np.array([getattr(rule, name) for rule in self.each], np.float64)
            for name in ("factor", "offset", "low", "high")
        )
        self.converts = bool(np.any(self.factor != 1.0)), bool(np.any(self.offset != 0.0))
        self.bounded = bool(np.any(np.isfinite(self.low) | np.isfinite(self.high)))
        self.faulty = np.array([rule.problem is not None for rule in self.each], np.bool_)
        # Two spellings of one series (kW and W) become one.
        index: dict[SeriesKey, int] = {}
        self.series = np.array(
            [index.setdefault(r.series, len(index)) if r.series else -1 for r in self.each], np.int32
        )
        self.known = tuple(index)
        self.conversions = conversions(keys, [rule.converted for rule in self.each])


_rules_of: Final = lru_cache(maxsize=32)(_Rules)
"""By the tuple of keys: decoders give the same one for the same set of keys, which makes comparing it cheap."""

_MAX_CACHED: Final = 16_384  # keys of a draft whose rules are worth keeping


def admit(draft: Draft, *, tenant: str, now: int, earliest: int) -> Admission:
    """Judge every row of `draft` for `tenant`.

    `now` and `earliest` (start of retention) are epoch ms. Values are converted to canonical units before their range
    is checked, so that -300 °C is refused for what it is: below 0 K.
    """
    keys = tuple(draft.keys)
    rules = _rules_of(keys, tenant) if len(keys) <= _MAX_CACHED else _Rules(keys, tenant)
    value = _canonical(draft, rules)
    problems = _problems(draft, rules, value, now=now, earliest=earliest)
    version = np.zeros(len(value), np.int64)
    if draft.seq is not None:
        np.copyto(version, draft.seq + SEQ_BASE, where=draft.seq > 0)
    keep: npt.NDArray[np.bool_] | slice = slice(None)
    if problems:
        keep = ~np.isin(draft.row, np.fromiter(problems, np.int32, len(problems)))
    series, index = _series(rules, draft.key[keep])
    sensors = {(k.site, k.sensor) for k in index} if draft.attributes else set[SensorKey]()
    attributes = {
        (site or NO_SITE, sensor): trim(said)
        for (site, sensor), said in draft.attributes.items()
        if (site or NO_SITE, sensor) in sensors
    }
    batch = Batch(tenant, index, series, draft.ts[keep], value[keep], version[keep], attributes)
    refused = {e.row for e in draft.rejected} | problems.keys()
    rejected = tuple(sorted([*draft.rejected, *problems.values()]))
    findings = NOTHING_FOUND
    if rejected or rules.conversions:
        findings = Findings(rules.conversions, reasons(rejected), first_refused(draft, rejected)).bounded()
    return Admission(batch, draft.rows - len(refused), rejected, findings)


def admit_events(events: Sequence[Event], *, now: int, earliest: int) -> tuple[list[Event], list[RowError]]:
    """Split events into those whose time can be kept and row errors (row = position in `events`)."""
    verdicts = check_times(np.array([e.ts for e in events], np.int64), now=now, earliest=earliest)
    good = [event for event, verdict in zip(events, verdicts, strict=True) if not verdict]
    bad = [
        _time_error(i, int(verdict), event.ts, now, earliest)
        for i, (event, verdict) in enumerate(zip(events, verdicts, strict=True))
        if verdict
    ]
    return good, bad


@lru_cache(maxsize=65_536)
def _rule(key: DraftKey, tenant: str) -> _Rule:
    if key.tenant is not None and key.tenant != tenant:
        return _refuse("tenant_mismatch", f"tenant {key.tenant!r} is not the tenant of the credential")
    site = key.site or NO_SITE
    for kind, name in (("sensor_id", key.sensor), ("metric", key.metric), ("site_id", site)):
        if reason := check_name(kind, name):
            return _refuse("invalid_name", reason)
    metric, unit = resolve_metric(key.metric)
    try:
        to = conversion(metric, key.unit or unit)
    except InvalidInput as error:
        return _refuse(error.code, f"{error.detail}; {error.hint}")
    if reason := check_name("unit", to.unit or "1"):
        return _refuse("invalid_name", reason)
    quantity = quantity_of(metric)
    low, high = (quantity.low, quantity.high) if quantity else (float("-inf"), float("inf"))
    plain = to.factor == 1.0 and to.offset == 0.0 and metric == key.metric
    converted = None if plain else _converted(key.metric, key.unit or unit or "", metric, to)
    return _Rule(SeriesKey(site, key.sensor, metric, to.unit), to.factor, to.offset, low, high, None, converted)


@lru_cache(maxsize=4096)
def _converted(sent_metric: str, sent_unit: str, metric: str, to: Conversion) -> Converted:
    return Converted(sent_metric, sent_unit, metric, to.unit, to.factor, to.offset)


def _refuse(code: str, detail: str) -> _Rule:
    return _Rule(None, 1.0, 0.0, float("-inf"), float("inf"), (code, detail))


def _time_error(row: int, verdict: int, ts: int, now: int, earliest: int) -> RowError:
    code, detail = TIME_CODES[verdict]
    if code == "timestamp_in_future":
        detail = f"{detail} ({format_time(ts)}, the limit is {format_time(now + FUTURE_TOLERANCE)})"
    elif code == "timestamp_before_retention":
        detail = f"{detail} ({format_time(ts)}, kept from {format_time(earliest)})"
    else:
        detail = f"{detail}: {ts}"
    return RowError(row, code, detail)


def _value_error(row: int, rule: _Rule, key: DraftKey, sent: float, value: float) -> RowError:
    unit, metric = (rule.series.unit, rule.series.metric) if rule.series else ("", "")
    if not np.isfinite(value):
        return RowError(row, "not_finite", f"{key.metric} is {sent}; send a finite number or leave the reading out")
    said = f"{sent:g} {key.unit}" if key.unit else f"{sent:g}"
    hint = ""
    if metric in {"soc", "soh"} and 1.0 < sent <= 100.0 and not key.unit:
        hint = f"; looks like percent: send {key.metric}_pct, or unit %"
    return RowError(
        row,
        "value_out_of_range",
        f"{key.metric} {said} is {value:g} {unit}, {_bound(rule, value)} {unit}{hint}",
    )


def _canonical(draft: Draft, rules: _Rules) -> npt.NDArray[np.float64]:
    """Values in canonical units; -0.0 becomes 0.0, so that equal values have equal bits."""
    value = draft.value
    scaled, shifted = rules.converts
    with np.errstate(over="ignore"):  # what overflows is refused as not finite, like what was sent so
        if scaled:
            value = value * rules.factor[draft.key]
        if shifted:
            value = value + rules.offset[draft.key]
    return value + 0.0


def _problems(
    draft: Draft, rules: _Rules, value: npt.NDArray[np.float64], *, now: int, earliest: int
) -> dict[int, RowError]:
    """The first problem of each row that has one."""
    bad_time = check_times(draft.ts, now=now, earliest=earliest)
    bad = bad_time != 0
    bad |= ~np.isfinite(value)
    if rules.bounded:
        bad |= (value < rules.low[draft.key]) | (value > rules.high[draft.key])
    if rules.faulty.any():
        bad |= rules.faulty[draft.key]
    bad_seq = np.zeros(len(value), np.bool_) if draft.seq is None else (draft.seq < 0) | (draft.seq >= SEQ_BASE >> 1)
    bad |= bad_seq

    problems: dict[int, RowError] = {}
    for i in np.flatnonzero(bad).tolist():
        row, key = int(draft.row[i]), int(draft.key[i])
        if row in problems:
            continue
        rule = rules.each[key]
        if rule.problem:
            problems[row] = RowError(row, *rule.problem)
        elif bad_time[i]:
            problems[row] = _time_error(row, int(bad_time[i]), int(draft.ts[i]), now, earliest)
        elif bad_seq[i]:
            problems[row] = RowError(row, "invalid_seq", f"seq must be between 0 and {SEQ_BASE // 2 - 1}")
        else:
            problems[row] = _value_error(row, rule, draft.keys[key], float(draft.value[i]), float(value[i]))
    return problems


def _series(rules: _Rules, key: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], tuple[SeriesKey, ...]]:
    """int32 [n] and the series they index: only those that still have a reading."""
    series = rules.series[key]
    used = np.zeros(len(rules.known), np.bool_)
    used[series] = True
    if used.all():
        return series, rules.known
    place = np.cumsum(used, dtype=np.int32) - 1
    return place[series], tuple(known for known, there in zip(rules.known, used.tolist(), strict=True) if there)


def _bound(rule: _Rule, value: float) -> str:
    return f"below {rule.low:g}" if value < rule.low else f"above {rule.high:g}"


def trim(a: Attributes) -> Attributes:
    """Attributes are descriptive: what is over the bounds is cut rather than costing a reading."""
    longest = max((max(len(k), -(-len(v) // 4)) for k, v in a.tags.items()), default=0)
    if len(a.tags) <= MAX_TAGS and max(len(a.building), len(a.room), longest) <= 256:
        return a
    tags = dict(list(a.tags.items())[:MAX_TAGS])
    return Attributes(a.building[:256], a.room[:256], tags={k[:256]: v[:1024] for k, v in tags.items()})
