"""Lines of an answer beside each other, and drawn."""

from hypothesis import given
from hypothesis import strategies as st

from penstock.app.cli.chart import draw
from penstock.app.cli.lines import lines_of, side_by_side


def row(name, ts, value, unit="K", metric="t", **groups):
    return {"name": name, "ts": ts, "metric": metric, "unit": unit, "value": value, **groups}


def test_names_become_columns_of_one_row_per_time_and_group():
    rows = [
        row("mean", "10:00", 2.5, room="1"),
        row("mean", "10:01", 3.0, room="1"),
        row("mean", "10:00", None, room="2"),
        row("count", "10:00", 15.0, unit="", room="1"),
    ]
    wide, columns = side_by_side(rows)
    assert columns == ["ts", "room", "metric", "mean", "count", "unit"]
    assert [[r.get(column) for column in columns] for r in wide] == [
        ["10:00", "1", "t", 2.5, 15, "K"],
        ["10:01", "1", "t", 3, None, "K"],
        ["10:00", "2", "t", None, None, "K"],
    ]


def test_lines_of_different_metrics_share_rows_and_a_line_of_several_does_not():
    wide, columns = side_by_side([row("a", "10:00", 1.5, metric="pv"), row("b", "10:00", 2.5, "W", metric="load")])
    assert (columns, len(wide), wide[0]["unit"]) == (["ts", "a", "b", "unit"], 1, "K, W")
    wide, columns = side_by_side([row("a", "10:00", 1.5, metric="pv"), row("a", "10:00", 2.5, metric="load")])
    assert (columns, [r["metric"] for r in wide]) == (["ts", "metric", "a", "unit"], ["pv", "load"])


def test_calendar_windows_are_shown_by_their_local_label():
    _, columns = side_by_side([row("a", "2026-01-31T23:00:00Z", 1.0, label="2026-02-01T00:00:00+01:00")])
    assert columns[0] == "label"


def test_lines_to_draw_have_titles_and_no_gaps():
    rows = [row("a", "10:01", 1.0, room="x"), row("a", "10:00", 2.0, room="x"), row("a", "10:02", None, room="x")]
    lines = lines_of([*rows, row("a", "10:00", 3.0, room="y")])
    assert {title: [r["value"] for r in line] for title, line in lines.items()} == {"a · x": [2.0, 1.0], "a · y": [3.0]}


def test_a_line_that_rises_is_drawn_from_corner_to_corner():
    assert draw([(0.0, 0.0), (1.0, 10.0)], (0.0, 1.0), width=8, height=2) == ["10 ┤⠀⠀⡠⠊", " 0 ┤⡠⠊"]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(-1e9, 1e9)), min_size=1, max_size=50).map(sorted),
    st.integers(12, 90),
    st.integers(2, 9),
)
def test_a_chart_keeps_to_its_size_and_draws_every_extreme(points, width, height):
    lines = draw(points, (0.0, 1.0), width=width, height=height)
    assert len(lines) == height
    label = lines[0].index("┤")
    assert all(len(line) <= max(width, label + 2) for line in lines)
    drawn = [line[label + 1 :] for line in lines]
    assert drawn[0].strip("\u2800")
    assert len({y for _, y in points}) == 1 or drawn[-1].strip("\u2800")
