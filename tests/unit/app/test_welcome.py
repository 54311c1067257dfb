"""What `penstock up` prints: commands that work as they stand, wherever the data is."""

import io
import shlex

import pytest

from penstock.app.welcome import welcome


def printed(data, *, demo=False):
    out = io.StringIO()
    welcome(out, "http://127.0.0.1:8081", "c0de", data, demo=demo)
    return [line.strip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("demo", [True, False])
def test_data_in_its_usual_place_needs_no_naming(tmp_path, monkeypatch, demo):
    monkeypatch.chdir(tmp_path)
    lines = printed(tmp_path / "penstock-data", demo=demo)
    assert "KEY=$(cat penstock-data/local.key)" in lines
    assert not any("PENSTOCK_DATA" in line for line in lines)
    assert any(line.startswith("penstock ") for line in lines)


def test_data_elsewhere_is_named_to_the_commands_that_follow(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "else where"
    lines = printed(data, demo=True)
    named = lines.index(f"export PENSTOCK_DATA={shlex.quote(str(data))}")
    assert named < min(i for i, line in enumerate(lines) if line.startswith("penstock "))
    assert "KEY=$(cat 'else where'/local.key)" in lines
