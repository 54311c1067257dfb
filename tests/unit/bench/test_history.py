"""The history that systems are asked about: the truth is what remains when the later write wins."""

import numpy as np
from bench.history import SENSORS, STEP_MS, History, make, sensor
from bench.peers.port import Totals
from bench.questions import Seen, standard

END = 1_767_225_600_000


def _stored(history: History) -> dict[tuple[int, int], float]:
    arrived = zip(history.who.tolist(), history.ts.tolist(), history.said.tolist(), strict=True)
    return {(who, ts): said for who, ts, said in arrived}


def test_the_later_write_of_the_stream_is_the_truth():
    history = make(40_000, END)
    stored = _stored(history)
    assert len(stored) == history.truth.readings == 40_000
    assert np.isclose(sum(stored.values()), history.truth.total, rtol=1e-12)
    step, who = 11, 42
    assert stored[who, history.start + step * STEP_MS] == history.value[step, who]


def test_the_stream_holds_late_repeated_and_corrected_readings():
    history = make(40_000, END)
    repeated = len(history.ts) - history.truth.readings
    assert 0.008 < repeated / history.truth.readings < 0.012
    assert 0.01 < np.mean(history.ts < np.maximum.accumulate(history.ts)) < 0.05


def test_lines_and_copies_hold_the_same_rows():
    history = make(20_000, END)
    lines = b"".join(history.lines()).splitlines()
    copies = b"".join(history.copies()).splitlines()
    assert len(lines) == len(copies) == len(history.ts)
    for row, text in zip(lines, copies, strict=True):
        tags, field, ts = row.decode().split()
        name, metric, _, _, copied, value = text.decode().split("\t")
        assert (f"sensor_id={name}" in tags, tags.startswith(metric)) == (True, True)
        assert (field, ts) == (f"value={value}", copied)


def test_the_answers_are_those_of_a_plain_recomputation():
    history = make(240 * SENSORS, END)
    stored = _stored(history)
    asked = standard(END + 90_000, END - history.start)
    questions = {question.kind: question for question in asked}
    newest = [stored[42, END - n * STEP_MS] for n in range(1, 101)]
    assert questions["recent"].sensor == sensor(42)
    assert history.answer(questions["recent"]).equals(Seen.of(newest))
    whole, ragged, _ = (question for question in asked if question.kind == "site")
    assert (whole.start % whole.window, whole.end % whole.window) == (0, 0)
    assert ragged.start % ragged.window
    assert ragged.end % ragged.window
    for question, members in (
        (questions["room"], range(300, 310)),
        (whole, range(300, 400)),
        (ragged, range(300, 400)),
    ):
        windows: dict[int, list[float]] = {}
        for (who, ts), value in stored.items():
            if who in members and question.start <= ts < question.end:
                windows.setdefault(ts // question.window, []).append(value)
        means = [sum(values) / len(values) for values in windows.values()]
        assert history.answer(question).equals(Seen.of(means))
    assert history.answer(questions["events"]) is None


def test_an_answer_with_a_row_too_few_or_another_sum_is_not_equal():
    assert Seen(2, 3.0).equals(Seen(2, 3.0 + 1e-12))
    assert not Seen(2, 3.0).equals(Seen(1, 3.0))
    assert not Seen(2, 3.0).equals(Seen(2, 3.1))
    assert make(SENSORS, END).truth == Totals(SENSORS, make(SENSORS, END).value.sum())
