"""An update is genuine and whole, comes when nobody needs the box, and proves itself or goes."""

from __future__ import annotations

import http.server
import io
import itertools
import shutil
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from firmware.assembly import open_box
from firmware.cli import main
from firmware.config import load
from firmware.update import UpdateRefused, install, settle
from firmware.update import record as records
from firmware.update.bundle import Manifest, is_older, opened
from firmware.update.guard import Guard
from firmware.update.record import Step
from services.box import Box
from tests.firmware.cuts import fast_folder, killed_at
from tests.firmware.update.cards import NEW, OLD, SLOT_BYTES, Card, make_key, make_update

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")

memory = pytest.fixture(fast_folder)
QUICK = {"patience": 0.3, "steady": 0.0, "glance": 0.01}


class Idle:
    """A box on which nobody works."""

    def check_bundle(self, manifest: Manifest) -> None:
        pass

    def check_idle(self) -> None:
        pass


IDLE: Guard = Idle()  # type: ignore[assignment]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and an update that it signed."""
    folder = tmp_path_factory.mktemp("made")
    make_update(folder, make_key(folder, "maker"))
    return folder


@pytest.fixture
def card(memory: Path, made: Path) -> Card:
    return Card.flashed(memory / "card", made / "maker.pem")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    file = tmp_path / "gantry.toml"
    file.write_text('[station]\nae_title = "BOX"\nstate_dir = "state"\n')
    opened_box = open_box(load(file))
    yield opened_box
    opened_box.catalog.close()


def take(card: Card, file: Path, running: str = "A", guard: Guard = IDLE) -> None:
    with file.open("rb") as stream:
        install(stream, card.target(running), guard)


def test_a_good_update_is_tried_once_and_then_kept(card: Card, made: Path) -> None:
    take(card, made / "9.0.update")
    assert card.start() == "B"
    assert (card.system("B"), card.kernel("B")) == (NEW, b"kernel 9.0")
    assert (card.boot / "B/cmdline.txt").read_text() == "gantry.slot=B quiet\n"
    assert card.configured() == "A", "a power cut now leads back"
    became = settle(card.target("B"), lambda: "", **QUICK)
    assert became is not None
    assert became.step is Step.GOOD
    assert [card.start(), card.start()] == ["B", "B"]
    assert settle(card.target("B"), lambda: "", **QUICK) is None
    assert (card.system("A"), card.kernel("A")) == (OLD, b"kernel old")


def test_the_next_update_goes_to_the_first_slot_again(card: Card, made: Path) -> None:
    take(card, made / "9.0.update")
    card.start()
    settle(card.target("B"), lambda: "", **QUICK)
    take(card, make_update(made, made / "maker.key", version="9.1", system=OLD), running="B")
    assert card.start() == "A"
    assert card.kernel("A") == b"kernel 9.1"


def test_a_box_that_is_not_well_goes_back(card: Card, made: Path) -> None:
    take(card, made / "9.0.update")
    card.start()
    became = settle(card.target("B"), lambda: "console is failed", **QUICK)
    assert became is not None
    assert (became.step, became.why) == (Step.FELL_BACK, "console is failed")
    assert card.start() == "A"
    assert settle(card.target("A"), lambda: "", **QUICK) is None, "it is told once"


def test_a_system_that_hangs_is_left_by_the_watchdog(card: Card, made: Path) -> None:
    take(card, made / "9.0.update")
    assert [card.start(), card.start()] == ["B", "A"]
    became = settle(card.target("A"), lambda: "", **QUICK)
    assert became is not None
    assert became.step is Step.FELL_BACK
    assert "did not start" in became.why


def test_a_ramdisk_that_could_not_put_the_configuration_back_is_helped(
    card: Card, made: Path
) -> None:
    take(card, made / "9.0.update")
    assert card.configured() == "B"
    settle(card.target("B"), lambda: "console is failed", **QUICK)
    assert card.configured() == "A"
    take(card, made / "9.0.update")
    words = ["first-boot", "--card", str(card.boot), "--root", str(card.root)]
    assert CliRunner().invoke(main, words).exit_code == 0
    assert card.configured() == "A"


def test_a_box_that_is_well_only_now_and_then_is_not_well(card: Card, made: Path) -> None:
    take(card, made / "9.0.update")
    card.start()
    words = itertools.cycle(["", "", "listener is activating"])
    became = settle(card.target("B"), lambda: next(words), patience=0.5, steady=0.2, glance=0.01)
    assert became is not None
    assert (became.step, became.why) == (Step.FELL_BACK, "listener is activating")


def broken(made: Path, how: str) -> bytes:
    """The update, damaged or forged."""
    data = bytearray((made / "9.0.update").read_bytes())
    if how == "cut":
        return bytes(data[: len(data) // 2])
    if how == "no tar":
        return b"this is no tar file" * 100
    if how == "empty":
        return b""
    if how == "one bit of the system":
        data[data.index(b"new system", 4096) + 700_000] ^= 1
        return bytes(data)
    if how == "one bit of the manifest":
        data[data.index(b'"version"') + 12] ^= 1
        return bytes(data)
    with tarfile.open(made / "9.0.update") as tar:
        members = [(each, tar.extractfile(each).read()) for each in tar]  # type: ignore[union-attr]
    if how == "another order":
        members[2], members[3] = members[3], members[2]
    if how == "no signature":
        del members[1]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    "how",
    [
        *("cut", "no tar", "empty", "one bit of the system", "one bit of the manifest"),
        *("another order", "no signature"),
    ],
)
def test_a_bundle_that_is_not_whole_changes_nothing_that_starts(
    card: Card, made: Path, how: str
) -> None:
    with pytest.raises(UpdateRefused):
        install(io.BytesIO(broken(made, how)), card.target("A"), IDLE)
    assert card.start() == "A"
    assert (card.system("A"), card.kernel("A")) == (OLD, b"kernel old")


def test_a_stranger_signs_in_vain(card: Card, made: Path, tmp_path: Path) -> None:
    forged = make_update(tmp_path, make_key(tmp_path, "stranger"))
    with pytest.raises(UpdateRefused, match="nobody whom this box trusts"):
        take(card, forged)
    assert set(card.device("B").read_bytes()) == {0}


def test_keys_can_follow_one_another(card: Card, made: Path, tmp_path: Path) -> None:
    update = make_update(tmp_path, make_key(tmp_path, "next"))
    shutil.copy(tmp_path / "next.pem", card.root / "usr/share/gantry/update-keys")
    take(card, update)
    assert card.start() == "B"


def test_an_update_that_does_not_fit_is_refused(card: Card, made: Path, tmp_path: Path) -> None:
    update = make_update(tmp_path, made / "maker.key", system=b"x" * (SLOT_BYTES + 1))
    with pytest.raises(UpdateRefused, match="must be flashed anew"):
        take(card, update)
    assert card.start() == "A"


def manifest(version: str = "9.0", compatibility: int = 1, variant: str = "kiosk") -> Manifest:
    return Manifest(1, variant, version, compatibility, ())


def test_what_does_not_belong_on_a_box_is_refused(box: Box) -> None:
    Guard(box, variant="kiosk").check_bundle(manifest())
    with pytest.raises(UpdateRefused, match="headless"):
        Guard(box, variant="kiosk").check_bundle(manifest(variant="headless"))
    with pytest.raises(UpdateRefused, match="older"):
        Guard(box).check_bundle(manifest("0.0.1"))
    Guard(box, allow_older=True).check_bundle(manifest("0.0.1"))
    with pytest.raises(UpdateRefused, match="cannot read this box's catalog"):
        Guard(box).check_bundle(manifest(compatibility=0))


def test_a_box_at_work_is_left_alone(box: Box, card: Card, made: Path) -> None:
    guard = Guard(box)
    guard.check_idle()
    with box.catalog.writing() as db:
        db.conn.execute(
            "INSERT INTO delivery (kind, peer, state, created) VALUES ('store', 'p', 'sending', 0)"
        )
    with pytest.raises(UpdateRefused, match="delivery is under way"):
        take(card, made / "9.0.update", guard=guard)
    with box.catalog.writing() as db:
        db.conn.execute("UPDATE delivery SET state = 'waiting'")
        db.conn.execute(
            "INSERT INTO exam (exam_id, mpps_uid, study_instance_uid, study_id,"
            " performed_procedure_step_id, state, modality, started, character_set,"
            " operators_name, performing_physicians_name)"
            " VALUES ('e', '1.2', '1.3', '1', '1', 'IN PROGRESS', 'OT', '2031-01-01', '', '', '')"
        )
    with pytest.raises(UpdateRefused, match="exam is open"):
        take(card, made / "9.0.update", guard=guard)
    assert records.read(card.root) is None


def test_an_exam_that_begins_meanwhile_stops_it_before_anything_changes(
    card: Card, made: Path
) -> None:
    class Begins(Idle):
        turns = 0

        def check_idle(self) -> None:
            self.turns += 1
            if self.turns > 1:
                raise UpdateRefused("an exam is open")

    with pytest.raises(UpdateRefused, match="exam is open"):
        take(card, made / "9.0.update", guard=Begins())  # type: ignore[arg-type]
    assert card.start() == "A"


def test_a_plain_web_server_is_enough(card: Card, made: Path) -> None:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(made))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        with opened(f"{address}/9.0.update") as stream:
            install(stream, card.target("A"), IDLE)
        with pytest.raises(UpdateRefused, match="404"), opened(f"{address}/nothing"):
            pass
        server.shutdown()
    assert card.start() == "B"


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [("0.9", "0.10", True), ("1.0", "0.10", False), ("1.0", "1.0", False), ("1.0", "1.0.1", True)],
)
def test_versions_are_ordered_by_their_numbers(version: str, than: str, older: bool) -> None:
    assert is_older(version, than) is older


def test_a_cut_at_any_step_leaves_a_system_that_starts(memory: Path, made: Path) -> None:
    """Writing, the start that tries it, and keeping it: each is cut at each of its steps."""

    def whole_life(card: Card) -> None:
        take(card, made / "9.0.update")
        assert card.start() == "B"
        settle(card.target("B"), lambda: "", **QUICK)

    started = set()
    for step in itertools.count():
        assert step < 300
        card = Card.flashed(memory / str(step), made / "maker.pem")
        cut = killed_at(step, lambda at=card: whole_life(at))
        slot = card.start()
        assert card.system(slot) == (OLD if slot == "A" else NEW)
        assert card.kernel(slot) == (b"kernel old" if slot == "A" else b"kernel 9.0")
        settle(card.target(slot), lambda: "", **QUICK)
        # and the update can be made anew
        if slot == "A":
            whole_life(card)
        assert card.start() == "B"
        started.add(slot)
        shutil.rmtree(card.folder)
        if not cut:
            break
    assert started == {"A", "B"}
