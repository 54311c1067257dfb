"""No input makes a decoder raise anything but an error of the tree, take long, or hold much memory."""

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings

from penstock.model.errors import PenstockError
from tests.fuzz.mutate import inputs
from tests.fuzz.targets import TARGETS

SECONDS = 2.0  # for one input of at most 200 kB, on a machine that is busy with other tests
MEMORY = 1 << 30  # address space that a decoder may add, when it is given bytes that claim huge lengths


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", TARGETS)
def test_whatever_bytes_come_the_answer_is_a_meaning_or_an_error_of_the_tree(name):
    target = TARGETS[name]

    @settings(max_examples=max(100, settings().max_examples))
    @given(data=inputs(target))
    def check(data: bytes) -> None:
        began = time.process_time()
        try:
            target.call(data)
        except PenstockError as error:
            assert error.code and error.detail  # noqa: PT017, PT018 - any error is right that says what is wrong
        assert time.process_time() - began < SECONDS

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_sound_inputs_are_understood(name):
    for seed in TARGETS[name].seeds:
        if name in ("tcp-hello", "tcp-frames", "reply"):
            continue
        TARGETS[name].call(seed)


_PROGRAM = f"""
import json, random, resource, sys
from penstock.model.errors import PenstockError
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import TARGETS
for target in TARGETS.values():
    for seed in target.seeds:
        try:
            target.call(seed)
        except PenstockError:
            pass
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {MEMORY},) * 2)
rng = random.Random(7)
for name, target in TARGETS.items():
    for _ in range(150):
        data = mutated(rng, target)
        try:
            target.call(data)
        except PenstockError:
            pass
        except MemoryError:
            sys.exit(json.dumps([name, data.hex()]))
"""


@pytest.mark.timeout(200)
@pytest.mark.skipif(sys.platform != "linux", reason="limits of the address space are those of Linux")
def test_bytes_that_claim_huge_lengths_do_not_get_the_memory():
    ran = subprocess.run([sys.executable, "-c", _PROGRAM], check=False, capture_output=True, text=True, timeout=180)
    assert ran.returncode == 0, ran.stderr[-2000:]


@pytest.mark.parametrize("name", ["json", "ndjson", "senml", "events", "question", "reply", "message"])
def test_deep_nesting_is_refused_not_crashed_on(name):
    for opening in (b"[", b'{"a":', b'[{"tags":'):
        for depth in (100, 1_500, 20_000):
            body = opening * depth
            for text in (body, body + b"1" + b"]" * depth if opening == b"[" else body + b"1" + b"}" * depth):
                try:
                    TARGETS[name].call(text)
                except PenstockError as error:
                    assert error.code  # noqa: PT017 - deep nesting may be valid; if not, it is refused by name
