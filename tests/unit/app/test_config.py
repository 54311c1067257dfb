"""Settings: where they come from, what is refused, and with what advice."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.app.config import Settings, env_name, load, specs
from penstock.app.values import Bind, parse_bind, parse_size, parse_span
from penstock.model.errors import Misconfigured


def _load(tmp_path, text="", environ=None, flags=None):
    path = tmp_path / "penstock.toml"
    path.write_text(text)
    return load(flags, config=path, environ=environ or {})


def test_nothing_set_gives_the_defaults():
    settings = load({}, environ={})
    assert settings == Settings()
    assert settings.http == Bind("127.0.0.1", 8080)
    assert not settings.is_explicit("http")


def test_flags_win_over_environment_over_file(tmp_path):
    text = 'http = "127.0.0.1:1"\nnats = "127.0.0.1:1"\nlog_level = "error"\n'
    environ = {"PENSTOCK_HTTP": "127.0.0.1:2", "PENSTOCK_NATS": "127.0.0.1:2"}
    settings = _load(tmp_path, text, environ, {"http": "127.0.0.1:3"})
    assert (settings.http.port, settings.nats.port, settings.log_level) == (3, 2, "error")
    assert settings.origins == {
        "http": "--http",
        "nats": "PENSTOCK_NATS",
        "log_level": str(tmp_path / "penstock.toml"),
    }


def test_a_table_of_the_file_is_a_prefix(tmp_path):
    assert _load(tmp_path, "[retention]\nraw_days = 30\n").retention_raw_days == 30


def test_the_file_can_be_named_by_the_environment(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("allow_insecure_bind = true\n")
    assert load({}, environ={"PENSTOCK_CONFIG": str(path)}).allow_insecure_bind is True


@pytest.mark.parametrize(
    ("environ", "hint"),
    [({"PENSTOCK_NATS_ULR": "x"}, "PENSTOCK_NATS_URL"), ({"PENSTOCK_ZZZZZZ": "x"}, "penstock settings")],
)
def test_an_unknown_variable_is_refused_with_a_suggestion(environ, hint):
    with pytest.raises(Misconfigured) as refused:
        load({}, environ=environ)
    assert next(iter(environ)) in refused.value.detail
    assert hint in (refused.value.hint or "")


def test_an_unknown_key_of_the_file_is_refused_with_a_suggestion(tmp_path):
    with pytest.raises(Misconfigured, match="store_memory_limt") as refused:
        _load(tmp_path, '[store]\nmemory_limt = "1GB"\n')
    assert refused.value.hint == "did you mean store_memory_limit?"


@pytest.mark.parametrize(
    "name", ["PENSTOCK_PORT", "PENSTOCK_SERVICE_HOST", "PENSTOCK_NATS_PORT_4222_TCP_ADDR", "PENSTOCK_SERVICE_PORT_HTTP"]
)
def test_kubernetes_service_variables_are_not_settings(name):
    assert load({}, environ={name: "tcp://10.0.0.1:4222"}) == Settings()


def test_a_secret_can_come_from_a_file_and_only_a_secret(tmp_path):
    path = tmp_path / "key"
    path.write_text("0123456789abcdef0123456789abcdef\n")
    settings = load({}, environ={"PENSTOCK_BOOTSTRAP_KEY_FILE": str(path)})
    assert settings.bootstrap_key == "0123456789abcdef0123456789abcdef"
    with pytest.raises(Misconfigured):
        load({}, environ={"PENSTOCK_LOG_LEVEL_FILE": str(path)})
    with pytest.raises(Misconfigured, match="cannot be read"):
        load({}, environ={"PENSTOCK_KEY_FILE": str(tmp_path / "absent")})


def test_a_value_that_is_not_understood_names_setting_origin_and_what_is_expected():
    with pytest.raises(Misconfigured, match=r"http = 'nonsense' from PENSTOCK_HTTP") as refused:
        load({}, environ={"PENSTOCK_HTTP": "nonsense"})
    assert "HOST:PORT" in (refused.value.hint or "")


def test_secrets_never_show():
    settings = load({}, environ={"PENSTOCK_BOOTSTRAP_KEY": "s3cr3t-value", "PENSTOCK_KEY": "s3cr3t-value"})
    assert "s3cr3t-value" not in repr(settings)


def test_a_broken_file_is_refused_by_name(tmp_path):
    with pytest.raises(Misconfigured, match="not TOML"):
        _load(tmp_path, "http = ")
    with pytest.raises(Misconfigured, match="cannot be read"):
        load({}, config=tmp_path / "absent.toml", environ={})


def test_a_child_gets_the_same_settings_through_its_environment():
    settings = Settings(
        data=Path("/srv/x"), http=Bind("::1", 9), criticality_above=-3, allow_insecure_bind=True, lane_max_bytes=77
    )
    assert load({}, environ=settings.environment()) == settings


def test_every_setting_says_what_it_means_in_a_sentence():
    for spec in specs():
        assert spec.metadata["meaning"].rstrip().endswith("."), spec.name
        assert env_name(spec.name) == env_name(spec.name).upper()


@pytest.mark.parametrize(
    ("text", "size"), [("512", 512), ("1KB", 1024), ("512MB", 512 << 20), ("2 GiB", 2 << 30), ("1t", 1 << 40)]
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "span"),
    [("0", 0), ("250", 250), ("90s", 90_000), ("15 m", 900_000), ("1h", 3_600_000), ("2d", 172_800_000)],
)
def test_spans_of_time(text, span):
    assert parse_span(text) == parse_span(str(span)) == span


@pytest.mark.parametrize("text", ["", "h", "-1s", "1.5h", "1w"])
def test_what_is_no_span_of_time_is_refused(text):
    with pytest.raises(ValueError, match="15m or 1h"):
        parse_span(text)


@pytest.mark.parametrize("text", ["", "MB", "1.5GB", "-1", "1XB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(ValueError, match="512MB"):
        parse_size(text)


@given(st.sampled_from(["127.0.0.1", "::1", "localhost", "0.0.0.0", "db.example"]), st.integers(0, 65_535))
def test_an_address_reads_back_as_it_is_written(host, port):
    assert parse_bind(str(Bind(host, port))) == Bind(host, port)


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "x:y"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="HOST:PORT"):
        parse_bind(text)
