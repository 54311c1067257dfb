import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.errors import InvalidInput
from penstock.model.series import MAX_NAME, SeriesKey, check_name, check_tenant


@given(st.builds(SeriesKey, st.text(), st.text(), st.text(), st.text()))
def test_text_and_parse_are_inverses(key):
    assert SeriesKey.parse(key.text) == key
    assert key.text.count("/") == 3


@given(st.builds(SeriesKey, *[st.text(alphabet="/%2F5a")] * 4), st.builds(SeriesKey, *[st.text(alphabet="/%2F5a")] * 4))
def test_different_keys_have_different_texts(a, b):
    assert (a.text == b.text) == (a == b)


@pytest.mark.parametrize("text", ["", "a/b/c", "a/b/c/d/e"])
def test_a_text_of_other_than_four_parts_is_no_key(text):
    with pytest.raises(ValueError, match="unpack"):
        SeriesKey.parse(text)


@pytest.mark.parametrize("name", ["a", "a-b_c9", "0", "a" * 64])
def test_tenants_that_can_be_a_subject(name):
    assert check_tenant(name) == name


@pytest.mark.parametrize("name", ["", "A", "a.b", "a*", ">", "-a", "_a", "a b", "a" * 65, "ä", "a\n"])
def test_tenants_that_cannot(name):
    with pytest.raises(InvalidInput) as refused:
        check_tenant(name)
    assert refused.value.code == "invalid_tenant"


@pytest.mark.parametrize("name", ["m1", "Zähler 3/4", "a" * MAX_NAME, "*", "日本"])
def test_names_that_identify(name):
    assert check_name("sensor_id", name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [("", "empty"), ("a" * (MAX_NAME + 1), "longer"), ("a\x00", "control"), ("a\nb", "control"), ("\x7f", "control")],
)
def test_names_that_do_not_say_why(name, reason):
    assert reason in check_name("sensor_id", name)
