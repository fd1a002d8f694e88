"""Settings: where they come from, which win, and what the platform refuses to start with."""

import os
import stat

import pytest

from api import create_app
from api.settings import SettingsRefused, list_settings, load_settings, make_secrets, read_key


def test_defaults_lie_in_the_instance(tmp_path):
    settings = load_settings({"credit_instance": tmp_path}, environ={})
    assert settings.database_url == f"sqlite:///{tmp_path}/credit.sqlite"
    assert settings.enquiry_database_url == f"sqlite:///{tmp_path}/enquiries.sqlite"
    assert settings.port == 8000


def test_overrides_beat_environment_beats_file(tmp_path):
    (tmp_path / "config.py").write_text('PORT = 1\nDISTRICT_NAME = "甲区"\nTOKEN_MINUTES = 5\n')
    environ = {"PORT": "2", "DISTRICT_NAME": "乙区"}
    settings = load_settings({"credit_instance": tmp_path, "port": 3}, environ=environ)
    assert (settings.port, settings.district_name, settings.token_minutes) == (3, "乙区", 5)


def test_the_log_gets_a_schema_of_its_own_on_postgresql(tmp_path):
    settings = load_settings({"credit_instance": tmp_path, "database_url": "postgresql://u@h/d"}, environ={})
    assert settings.database_url == "postgresql+psycopg://u@h/d"
    assert "search_path%3Denquiries" in settings.enquiry_database_url


@pytest.mark.parametrize(
    "content",
    [{"colour": "red"}, {"port": "eighty"}, {"token_minutes": 16}, {"token_minutes": 0}, {"secure_cookies": "maybe"}],
)
def test_settings_refused(tmp_path, content):
    with pytest.raises(SettingsRefused):
        load_settings({"credit_instance": tmp_path, **content}, environ={})


def test_every_setting_says_what_it_means():
    assert all(meaning.endswith(".") and len(meaning) > 15 for _name, _default, meaning in list_settings())


def test_keys_are_made_once_for_us_alone(tmp_path):
    settings = load_settings({"credit_instance": tmp_path / "new"}, environ={})
    made = make_secrets(settings)
    assert {path.name for path in made} >= {"token.key", "session.key", "seal-1.key"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in made)
    assert stat.S_IMODE(settings.keys_folder.stat().st_mode) == 0o700
    before = read_key(settings, "token_key")
    assert make_secrets(settings) == []
    assert read_key(settings, "token_key") == before
    assert before != read_key(settings, "session_key")


@pytest.fixture
def settings(databases, instance):
    return databases.settings(instance)


def refused(settings, **more):
    with pytest.raises(SettingsRefused) as caught:
        create_app({**settings, **more})
    return str(caught.value)


@pytest.mark.parametrize("name", ["token_key", "session_key"])
@pytest.mark.parametrize("key", ["tiny-1", "a" * 64, "abcabcabc" * 8, "x" * 31])
def test_start_refuses_weak_keys(settings, name, key):
    told = refused(settings, **{name: key})
    assert name.upper() in told
    assert key not in told


def test_start_refuses_one_key_for_two_ends(settings):
    key = "0123456789abcdef" * 4
    assert "differ" in refused(settings, token_key=key, session_key=key)


def test_start_refuses_a_missing_key(settings, instance):
    (instance / "keys" / "token.key").unlink()
    assert "flask db secrets" in refused(settings)


def test_start_refuses_a_key_that_others_can_read(settings, instance):
    (instance / "keys" / "session.key").chmod(0o640)
    assert "0600" in refused(settings)


def test_start_refuses_an_instance_without_keys(tmp_path, monkeypatch):
    monkeypatch.delenv("FLASK_RUN_FROM_CLI", raising=False)
    with pytest.raises(Exception, match="key"):
        create_app({"credit_instance": tmp_path})
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    monkeypatch.setattr("sys.argv", ["flask", "run"])
    with pytest.raises(Exception, match="key"):
        create_app({"credit_instance": tmp_path})


def test_no_key_is_written_in_the_code():
    assert not [name for name, default, _meaning in list_settings() if "KEY" in name and default]
    assert "TOKEN_KEY" not in os.environ
