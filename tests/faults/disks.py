"""F4, F5: the disk below the broker or below the store is full for a while."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from tests.faults.books import Books
from tests.faults.drill import Drill, Report, recipe
from tests.faults.fuse import unmount
from tests.faults.plan import Absent, Case, fault
from tests.faults.platform import Up, seconds_to_serve
from tests.journeys.conftest import pause

_RECOVERY_SECONDS = 15.0
_ANSWER_MS = 5_000
_FULL_SECONDS = 6.0


class SmallDisk:
    """A tmpfs on `point` that can be filled to its last byte."""

    def __init__(self, point: Path, mib: int) -> None:
        self._point = point
        self._mib = mib

    def __enter__(self) -> SmallDisk:
        self._point.mkdir(parents=True, exist_ok=True)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"tmpfs", os.fsencode(self._point), b"tmpfs", 0, f"size={self._mib}m".encode()):
            raise Absent(f"tmpfs cannot be mounted: {os.strerror(ctypes.get_errno())}")
        return self

    def __exit__(self, *_: object) -> None:
        unmount(self._point)

    @contextmanager
    def full(self) -> Generator[None]:
        """No free byte, also when something is deleted meanwhile."""
        ballast, ended = self._point / "ballast", threading.Event()

        def fill() -> None:
            with ballast.open("ab", buffering=0) as file:
                while not ended.wait(0.1):
                    size = 1 << 20
                    while size:
                        try:
                            file.write(bytes(size))
                        except OSError:
                            size //= 2

        filler = threading.Thread(target=fill, daemon=True)
        filler.start()
        try:
            yield
        finally:
            ended.set()
            filler.join()
            ballast.unlink()


@fault("F4", "the broker's disk is full for 6 s", bounded=2, long=20)
def broker_disk(case: Case) -> Report:
    """Senders hear 503 at once, nothing acknowledged is lost, and nobody has to restart anything."""
    report, books, began = _full(case, "nats", 48)
    odd = books.attempts.filter(
        (pl.col("outcome") != "acked") & (~pl.col("status").is_in([429, 503]) | (pl.col("ms") > _ANSWER_MS))
    )
    refused = books.attempts.filter(pl.col("outcome") != "acked")
    if odd.height:
        report.violations.append(
            f"answers other than a prompt 429 or 503: {odd.height}, such as {odd.head(3).to_dicts()}"
        )
    first = refused.filter(pl.col("at") >= began[0])["at"].min()
    if isinstance(first, int):
        report.numbers["first_refusal_s"] = round((first - began[0]) / 1_000, 1)
    report.numbers["refused_attempts"] = refused.height
    return report


@fault("F5", "the store's disk is full for 6 s", bounded=2, long=10)
def store_disk(case: Case) -> Report:
    """The broker holds what comes in; senders do not notice."""
    report, books, _ = _full(case, "store", 24)
    wrong = books.attempts.filter(pl.col("outcome") != "acked")
    if wrong.height:
        report.violations.append(f"senders noticed: {wrong.height} attempts, such as {wrong.head(2).to_dicts()}")
    return report


def _full(case: Case, below: str, mib: int) -> tuple[Report, Books, list[int]]:
    if os.geteuid():
        raise Absent("mounting a small disk needs root")
    home = case.part(0)
    up = Up(home)
    with SmallDisk(up.data / below, mib) as disk:
        try:
            up.start()
            drill = Drill(up, home)
            took: list[float] = []
            began: list[int] = []
            with drill.load(recipe(case.seed), seconds=case.count * (_FULL_SECONDS + 6)):
                for _ in range(case.count):
                    pause(1.5)
                    began.append(time.time_ns() // 1_000_000)
                    with disk.full():
                        pause(_FULL_SECONDS)
                    took.append(seconds_to_serve(up))
            report = drill.verify()
            books = drill.books()
        finally:
            up.stop()
    report.numbers |= {"fills": case.count, "recovery_max_s": round(max(took), 1)}
    if max(took) > _RECOVERY_SECONDS:
        report.violations.append(f"serving again took {max(took):.1f} s, at most {_RECOVERY_SECONDS:g} s is promised")
    return report, books, began
