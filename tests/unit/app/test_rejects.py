"""The file of refused rows."""

from __future__ import annotations

import json

from penstock.app.rejects import Rejects
from penstock.model.errors import RowError


def _told(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_refused_row_comes_with_its_text(tmp_path):
    source, out = tmp_path / "a.csv", tmp_path / "r"
    source.write_text("h\nzero\n\none\ntwo\n")
    with Rejects(out, source) as rejects:
        rejects.add(0, [RowError(1, "c", "d")])
        rejects.add(2, [RowError(0, "c", "d")])
    assert [(r["row"], r["text"]) for r in _told(out)] == [(1, "one"), (2, "two")]
    assert rejects.count == 2


def test_where_lines_and_rows_part_the_text_is_left_out(tmp_path):
    source, out = tmp_path / "a.csv", tmp_path / "r"
    source.write_text('h\n"a\nb"\nc\n')
    with Rejects(out, source) as rejects:
        rejects.add(0, [RowError(1, "c", "d")])
    assert "text" not in _told(out)[0]


def test_without_refused_rows_no_file_is_left_not_even_an_old_one(tmp_path):
    out = tmp_path / "r"
    out.write_text("old")
    with Rejects(out, tmp_path / "a.parquet"):
        pass
    assert not out.exists()


def test_several_files_can_share_one(tmp_path):
    out = tmp_path / "r"
    for number, name in enumerate(("a.parquet", "b.parquet")):
        with Rejects(out, tmp_path / name, append=number > 0) as rejects:
            rejects.add(0, [RowError(5, "c", "d")])
    assert [r["file"] for r in _told(out)] == ["a.parquet", "b.parquet"]
