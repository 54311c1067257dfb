"""Label matchers. Regular expressions run in RE2, which is Prometheus's dialect and takes linear time for any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute

from penstock.api.prometheus.expressions import Matcher
from penstock.api.prometheus.matrix import Bools
from penstock.api.prometheus.parse import bad_data

__all__ = ["anchored", "matching", "pc"]

pc: Any = pyarrow.compute  # its functions are made at import time, so a type checker cannot see them

_MAX_PATTERN: Final = 4_096


def anchored(pattern: str) -> str:
    """The expression that matches a whole text, as PromQL's do. Raises InvalidInput (`bad_data`) for one that is none."""
    if len(pattern) > _MAX_PATTERN:
        raise bad_data(f"a regular expression has {len(pattern)} characters, more than {_MAX_PATTERN}")
    whole = f"^(?s:{pattern})$"
    try:
        pc.match_substring_regex(pa.array([""]), whole)
    except pa.ArrowInvalid as error:
        raise bad_data(f"{pattern!r:.200} is no regular expression: {error}") from None
    return whole


def matching(matchers: Sequence[Matcher], labels: Sequence[Mapping[str, str]]) -> Bools:
    """Which of the `labels` satisfy every matcher, bool [n]. Raises InvalidInput (`bad_data`)."""
    kept = np.ones(len(labels), np.bool_)
    for matcher in matchers:
        if matcher.op in {"=", "!="}:
            equal = [said.get(matcher.name, "") == matcher.value for said in labels]
            hit = np.array(equal, np.bool_)
        else:
            # A site has few names for many series: each is looked at once.
            values = pa.array([said.get(matcher.name, "") for said in labels], pa.string()).dictionary_encode()
            found = pc.match_substring_regex(values.dictionary, anchored(matcher.value))
            hit = found.take(values.indices).to_numpy(zero_copy_only=False).astype(np.bool_)
        kept &= hit if matcher.op in {"=", "=~"} else ~hit
    return kept
