"""What `penstock up` prints: commands that work as they stand, wherever the data is."""

import io
import shlex
import sys

import pytest

from penstock.app.welcome import welcome


def printed(data, *, demo=False):
    out = io.StringIO()
    welcome(out, "http://127.0.0.1:8081", "c0de", data, demo=demo)
    return [line.strip() for line in out.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def program(tmp_path, monkeypatch):
    """The program, installed where the shell finds it."""
    program = tmp_path / "venv" / "bin" / "penstock"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr(sys, "argv", [str(program), "up"])
    monkeypatch.chdir(tmp_path)
    return program


def called(lines):
    """How the commands call the program."""
    (line,) = [line for line in lines if line.endswith(" events --last 10")]
    return line.removesuffix(" events --last 10")


def test_a_program_that_the_shell_finds_is_called_by_its_name(tmp_path, program, monkeypatch):
    assert called(printed(tmp_path / "data")) == "penstock"
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "penstock" / "__main__.py")])
    assert called(printed(tmp_path / "data")) == "penstock"


def test_a_program_that_the_shell_does_not_find_is_called_as_it_was_started(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert called(printed(tmp_path / "data")) == "venv/bin/penstock"
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "penstock" / "__main__.py")])
    monkeypatch.setattr(sys, "executable", str(tmp_path / "my venv" / "bin" / "python"))
    assert called(printed(tmp_path / "data")) == "'my venv/bin/python' -m penstock"


def test_a_program_that_is_not_the_one_that_the_shell_finds_is_called_as_it_was_started(tmp_path, program, monkeypatch):
    own = tmp_path / "other" / "penstock"
    own.parent.mkdir()
    own.touch(0o755)
    monkeypatch.setattr(sys, "argv", [str(own)])
    assert called(printed(tmp_path / "data")) == "other/penstock"


@pytest.mark.parametrize("demo", [True, False])
def test_data_in_its_usual_place_needs_no_naming(tmp_path, demo):
    lines = printed(tmp_path / "penstock-data", demo=demo)
    assert "KEY=$(cat penstock-data/local.key)" in lines
    assert not any("PENSTOCK_DATA" in line for line in lines)
    assert any(line.startswith("penstock ") for line in lines)


def test_data_elsewhere_is_named_to_the_commands_that_follow(tmp_path):
    data = tmp_path / "else where"
    lines = printed(data, demo=True)
    named = lines.index(f"export PENSTOCK_DATA={shlex.quote(str(data))}")
    assert named < min(i for i, line in enumerate(lines) if line.startswith("penstock "))
    assert "KEY=$(cat 'else where'/local.key)" in lines
