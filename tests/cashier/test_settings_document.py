"""`docs/settings.md`: fresh, whole, and enough to start each process."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings
from typer.testing import CliRunner

from cashier.commands import app
from cashier.running import WrongSettingsError, checked_settings
from cashier.setting_rows import SettingRow, rows_of
from cashier.settings_document import Chapter, chapters
from settings.temporal import RULES
from tests.settings.every_setting import (
    every_setting,
    settings_classes,
    sound_environment,
    variable_of,
)

FILE = Path(__file__).parent.parent.parent / "docs" / "settings.md"
CHAPTERS = chapters()
ROWS = [(one.title, row) for one in CHAPTERS for row in rows_of(one.settings)]
EVERY_CHAPTER = pytest.mark.parametrize(
    "chapter", CHAPTERS, ids=[one.title for one in CHAPTERS]
)
EVERY_ROW = pytest.mark.parametrize(
    "row", [row for _, row in ROWS], ids=[f"{title} {row.name}" for title, row in ROWS]
)
# The archiver and the command line start without keys, and then read less.
NEED_ALL = [one for one in CHAPTERS if one.title not in ("Archiver", "Command line")]
# What bears the name of a secret and is none.
PUBLIC = {
    "CASHIER_ALIPAY_KEYS_DIR",
    "CASHIER_KEY_VERSION",
    "CASHIER_API_STREAMS_PER_KEY",
    "CASHIER_CODEC_TOKEN_KEYS_URL",
    "CASHIER_CODEC_TOKEN_KEYS_FILE",
    "CASHIER_CODEC_TOKEN_ISSUER",
    "CASHIER_CODEC_TOKEN_AUDIENCE",
    "CASHIER_CODEC_TOKEN_CLAIM",
}
SECRET_WORDS = {"KEY", "KEYS", "SECRETS", "TOKEN", "STAFF", "OPERATORS", "PROXY"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return sound_environment(tmp_path_factory.mktemp("sound"))


def section_of(chapter: Chapter) -> str:
    _, _, after = FILE.read_text().partition(f"\n## {chapter.title}\n")
    return after.partition("\n## ")[0]


def example_of(chapter: Chapter) -> list[str]:
    """Return the variables in a chapter's example."""
    _, block, *_ = section_of(chapter).split("```")
    return re.findall(r"^([A-Z_]+)=\S+$", block, re.MULTILINE)


def read_with_only(
    names: list[str],
    settings: type[BaseSettings],
    sound: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> BaseSettings:
    for row in rows_of(settings):
        monkeypatch.delenv(row.name, raising=False)
    for name in names:
        monkeypatch.setenv(name, sound[name])
    return checked_settings(settings)


def test_the_file_of_settings_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(app, ["settings"])
    assert printed.output == FILE.read_text(), "renew it: make settings"


def test_every_setting_of_every_class_stands_in_the_chapter_of_its_process() -> None:
    shown = {one.settings for one in CHAPTERS}
    for settings in settings_classes():
        # A class that others build on has no process of its own.
        assert any(issubclass(one, settings) for one in shown), settings
    for chapter in CHAPTERS:
        section = section_of(chapter)
        for settings, field in every_setting():
            if settings is chapter.settings:
                assert f"\n| `{variable_of(settings, field)}` | " in section


@EVERY_ROW
def test_a_setting_says_what_it_means_and_what_may_be_written(row: SettingRow) -> None:
    assert re.match(r"[A-Z`]", row.meaning)
    assert len(row.meaning) > 20
    assert not row.meaning.endswith(".")
    assert row.form
    # Such a character would end the cell of the table.
    assert "|" not in row.meaning + row.form


@EVERY_ROW
def test_a_setting_with_the_name_of_a_secret_is_said_to_be_one(row: SettingRow) -> None:
    sounds_secret = not SECRET_WORDS.isdisjoint(row.name.split("_"))
    assert bool(row.secret) is (sounds_secret and row.name not in PUBLIC)


@EVERY_CHAPTER
def test_a_process_starts_with_the_settings_of_its_example(
    chapter: Chapter,
    sound: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    names = example_of(chapter)
    assert names
    read_with_only(names, chapter.settings, sound, monkeypatch)


@pytest.mark.parametrize("chapter", NEED_ALL, ids=[one.title for one in NEED_ALL])
def test_a_process_needs_each_setting_of_its_example(
    chapter: Chapter,
    sound: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    names = example_of(chapter)
    for lacking in names:
        rest = [name for name in names if name != lacking]
        with pytest.raises(WrongSettingsError) as refusal:
            read_with_only(rest, chapter.settings, sound, monkeypatch)
        assert lacking in str(refusal.value)


def test_every_variable_of_temporal_with_a_rule_is_explained() -> None:
    text = FILE.read_text()
    assert [name for name in RULES if f"\n| `{name}` | " not in text] == []
