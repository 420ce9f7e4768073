"""Keys are found on their lines."""

from __future__ import annotations

from firmware.config.lines import locate


def test_tables_entries_and_dotted_keys() -> None:
    text = """\
[station]
ae_title = "A"
"quoted" = 1
[[peers]]
  name = "a"   # [not.a.header]
[[peers]]
name = "b"
[[protocols]]
[protocols.geometry]
KVP = 1
[[protocols]]
geometry.KVP = 2
"""
    lines = locate(text)
    assert lines["station", "ae_title"] == 2
    assert lines["station", "quoted"] == 3
    assert lines["peers", 0] == 4
    assert lines["peers", 0, "name"] == 5
    assert lines["peers", 1, "name"] == 7
    assert lines["protocols", 0, "geometry"] == 9
    assert lines["protocols", 0, "geometry", "KVP"] == 10
    assert lines["protocols", 1, "geometry", "KVP"] == 12


def test_long_texts_hide_what_looks_like_keys() -> None:
    lines = locate('a = """\n[b]\nc = 1\n"""\nd = 2\n')
    assert lines == {("a",): 1, ("d",): 5}
