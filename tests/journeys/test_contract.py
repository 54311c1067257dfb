"""What the published documents promise holds for whatever they allow to be sent, and for what they do not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.conftest import Platform, clean_environment

KEY = "pk_test_contract000000000000000000000000"

_ROOT = Path(__file__).parents[2]
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
"""Not `positive_data_acceptance`: whether a metric, a cursor or a time exists is not for a schema to say."""


def prove(location: str, home: Path, *options: str) -> None:
    """Run schemathesis on the document; fails with what it found."""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or "schemathesis"
    command = [
        program,
        "--config-file",
        str(Path(__file__).with_name("schemathesis.toml")),
        "run",
        location,
        "--header",
        f"Authorization: Bearer {KEY}",
        "--no-color",
        "--seed",
        "1",
    ]
    command += ["--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--warnings", "off", *options]
    environment = clean_environment(SCHEMATHESIS_HOOKS="tests.journeys.schemathesis_hooks", PYTHONPATH=str(_ROOT))
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=home, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    home = tmp_path_factory.mktemp("contract")
    up = Platform(home, environment={"PENSTOCK_BOOTSTRAP_KEY": KEY})
    yield up.wait_ready()
    up.stop()


@pytest.mark.timeout(320)
def test_every_operation_of_the_openapi_document_keeps_it(platform, tmp_path):
    prove(
        f"{platform.url}/v1/openapi.json",
        tmp_path,
        "--checks",
        ",".join(_CHECKS),
        "--max-examples",
        "5",
        "--exclude-path",
        "/v1/stream",  # never ends
    )


@pytest.mark.timeout(320)
def test_every_field_of_the_graphql_schema_answers_without_a_server_error(platform, tmp_path):
    prove(f"{platform.url}/graphql", tmp_path, "--checks", "graphql_refuses_or_answers", "--max-examples", "20")
