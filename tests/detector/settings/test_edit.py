"""A rule put into a settings file: before those that match, with all else as it was."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from detector.adopting.machine.rule import put_rule, with_rule
from detector.errors import SettingsError
from detector.settings.devices import SHIPPED_RULES
from detector.settings.load import load_settings

MODEL = Path("models/pump-1")
COMMENTED = """# ours
[mqtt]
url = "mqtt://broker:1883"  # in the hall

# all pumps
[[devices]]
match = "fan-*"

# really all
[[devices]]
match = "pump-*"
model = "models/pumps"
clock = "arrival"
align = { "temp*" = "hold" }

[store]
retention_days = 7
"""


def rules(text):
    """The rules of a settings text."""
    return tomllib.loads(text)["devices"]


def test_a_rule_stands_before_the_first_that_matches_and_keeps_what_that_one_says():
    """Its clock and alignment hold on, comments stay with what they are about."""
    made = with_rule(COMMENTED, "pump-1", MODEL)
    assert [rule["match"] for rule in rules(made)] == ["fan-*", "pump-1", "pump-*"]
    assert rules(made)[1] == {
        "match": "pump-1", "model": "models/pump-1", "clock": "arrival",
        "align": {"temp*": "hold"},
    }  # fmt: skip
    start = made.index('[[devices]]\nmatch = "pump-1"')
    assert made[:start] + made[made.index("# really all") :] == COMMENTED
    assert '# really all\n[[devices]]\nmatch = "pump-*"' in made


def test_its_own_rule_gets_the_new_model_and_keeps_the_rest():
    """Adopted again, a device has one rule still."""
    text = '[[devices]]\nmatch = "pump-1"  # the old one\nmodel = "a"\nthreshold = 1.5\n'
    made = with_rule(text, "pump-1", MODEL)
    assert rules(made) == [{"match": "pump-1", "model": "models/pump-1", "threshold": 1.5}]
    assert "# the old one" in made


def test_a_file_without_rules_keeps_the_shipped_ones():
    """They hold only where there are none."""
    made = with_rule("[mqtt]\ntopic = 'a/{device}'\n", "pump-1", MODEL)
    assert [rule["match"] for rule in rules(made)] == [
        "pump-1",
        *(rule.match for rule in SHIPPED_RULES),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'devices = [{ match = "pump-*", model = "b" }]\n',
        '[[devices]]\nmatch = "pump-*"\n[store]\nretention_days = 7\n[[devices]]\nmatch = "x"\n',
        'x = """\n[[devices]]\n"""\n[[devices]]\nmatch = "pump-*"\n',
        "devices = []\n",
        '[[ devices ]]\nmatch = "*"\n',
    ],
)
def test_every_way_to_write_rules_is_kept(text):
    """Inline, apart from each other, beside a text that looks like a rule."""
    before, made = tomllib.loads(text), tomllib.loads(with_rule(text, "pump-1", MODEL))
    assert made.pop("devices") == [
        {"match": "pump-1", "model": "models/pump-1"},
        *before.pop("devices"),
    ]
    assert made == before


@pytest.mark.parametrize("device", ["pump*", "a[1]", "what?", 'with "quotes"', "ünïcode"])
def test_a_name_is_no_pattern(device, tmp_path):
    """Whatever it is made of, the rule is of that device alone."""
    file = tmp_path / "faultline.toml"
    put_rule(file, device, MODEL)
    settings = load_settings(file)
    assert settings.rule_for(device).model == MODEL
    assert settings.rule_for("pump-other") is None


def test_a_file_that_would_be_refused_stays_as_it_was(tmp_path):
    """It is checked before it is replaced."""
    file = tmp_path / "faultline.toml"
    file.write_text("[mqtt]\nnonsense = 1\n")
    with pytest.raises(SettingsError, match="nonsense"):
        put_rule(file, "pump-1", MODEL)
    assert file.read_text() == "[mqtt]\nnonsense = 1\n"
    assert list(tmp_path.iterdir()) == [file]


def test_the_environment_above_the_file_is_told(tmp_path, monkeypatch):
    """A rule that would not count is not written."""
    monkeypatch.setenv("FAULTLINE_DEVICES", '[{"match": "*", "model": "other"}]')
    with pytest.raises(SettingsError, match="would be other"):
        put_rule(tmp_path / "faultline.toml", "pump-1", MODEL)
    assert not list(tmp_path.iterdir())


def test_a_link_leads_to_the_file_that_is_changed(tmp_path):
    """And the file keeps its mode."""
    (tmp_path / "etc").mkdir()
    file, link = tmp_path / "etc" / "real.toml", tmp_path / "faultline.toml"
    file.write_text("# mine\n")
    file.chmod(0o640)
    link.symlink_to(file)
    put_rule(link, "pump-1", MODEL)
    assert link.is_symlink()
    assert file.read_text().startswith("# mine")
    assert file.stat().st_mode & 0o777 == 0o640
