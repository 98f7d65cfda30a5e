"""Acts on a card of the page: the factory, an eIM, an LPA."""

from __future__ import annotations

import stat
from contextlib import nullcontext
from pathlib import Path

import pytest
from support.judge import judged

from euicc_sim import Card
from euicc_sim.parties.eim import eim_file
from euicc_sim.parties.messages import EimError
from euicc_sim.web.acts import ACT_ERRORS, Acts
from euicc_sim.web.live import ActError, LiveCard

ONE, TWO = "eim1.example.com", "eim2.example.com"


@pytest.fixture
def acts(card: Card, pki_folder: Path) -> Acts:
    """Acts on a fresh card."""
    live = LiveCard(card.directory, lambda: nullcontext(card.transmit), reset=card.reset)
    return Acts(live, pki=pki_folder)


@pytest.fixture
def trusted(acts: Acts) -> Acts:
    """Acts on a card that trusts the first eIM; there is a second one."""
    acts.make_eim(ONE)
    acts.make_eim(TWO)
    acts.initial(ONE)
    return acts


def test_an_eim_is_a_file_that_only_its_owner_can_read(acts: Acts) -> None:
    acts.make_eim(ONE)
    (path,) = acts.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert eim_file.load(path).eim_id == ONE
    assert acts.eims() == [ONE]


@pytest.mark.parametrize(
    "name", ["../../x", "<script>alert(1)</script>", "a/b", "é", ".", "x" * 128]
)
def test_any_eim_id_is_a_file_in_the_folder(acts: Acts, name: str) -> None:
    acts.make_eim(name)
    (path,) = acts.folder.iterdir()
    assert path.parent == acts.folder
    assert path.name.isascii()
    assert acts.eims() == [name]


UNNAMEABLE = ["a b", "A,token", "a\x00b", "\u202eevil"]


@pytest.mark.parametrize("name", UNNAMEABLE)
def test_an_eim_that_operations_could_not_name_is_not_made(acts: Acts, name: str) -> None:
    with pytest.raises(EimError, match="no spaces, commas or control characters"):
        acts.make_eim(name)
    assert acts.eims() == []


def test_ids_that_give_one_name_are_two_files(acts: Acts) -> None:
    acts.make_eim("a/b")
    acts.make_eim("a?b")
    assert acts.eims() == ["a/b", "a?b"]


@pytest.mark.parametrize("name", ["", "x" * 129, "\ud800"])
def test_what_is_not_an_eim_id_is_a_sentence(acts: Acts, name: str) -> None:
    with pytest.raises(EimError):
        acts.make_eim(name)
    assert acts.eims() == []


def test_an_eim_is_made_once(acts: Acts) -> None:
    acts.make_eim(ONE)
    with pytest.raises(EimError, match=r"There is an eIM eim1\.example\.com already"):
        acts.make_eim(ONE)


def test_other_files_in_the_folder_are_left_out_and_changes_are_seen(acts: Acts) -> None:
    acts.make_eim(ONE)
    (acts.folder / "other.json").write_text("{}")
    assert acts.eims() == [ONE]
    (acts.folder / f"{ONE}.json").unlink()
    acts.make_eim(TWO)
    assert acts.eims() == [TWO]


def test_the_factory_adds_the_first_eim_and_no_other(trusted: Acts, card: Card) -> None:
    assert [one.eim_id for one in card.state.eims] == [ONE]
    done = trusted.initial(TWO)
    assert done.refused
    assert [one.eim_id for one in card.state.eims] == [ONE]


def test_a_package_is_signed_sent_and_refused_the_second_time(trusted: Acts, card: Card) -> None:
    package = trusted.sign(ONE, ["listEim"])
    judged("EuiccPackageRequest", package.request)
    assert card.state.eims[0].counter == 0
    first = trusted.send(package)
    assert (first.outcome, first.refused) == ("trusts eim1.example.com", False)
    judged("EuiccPackageResult", first.answer)
    second = trusted.send(package)
    assert (second.outcome, second.refused) == ("refused, signed: replayError", True)
    assert card.state.eims[0].counter == 1


def test_a_second_eim_is_added_by_the_first_and_orders(trusted: Acts, card: Card) -> None:
    done = trusted.send(trusted.sign(ONE, [f"addEim:{TWO},token"]))
    assert done.outcome == "addEim ok, association token 2"
    assert not trusted.send(trusted.sign(TWO, ["listEim"])).refused
    assert not trusted.send(trusted.sign(TWO, [f"deleteEim:{ONE}"])).refused
    stranger = trusted.send(trusted.sign(ONE, ["listEim"]))
    assert stranger.refused
    assert [one.eim_id for one in card.state.eims] == [TWO]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "operation"),
        (["listEims"], "Did you mean listEim"),
        (["enable:12"], "12"),
        (["addEim:nobody.example.com"], "There is no eIM nobody.example.com here"),
        (["listEim", "getRAT"], r"group|kind|both|operations|eco"),
        ([f"addEim:{TWO},counter=" + "9" * 5000], "is not a counter"),
        (["configureImmediateEnable:oid=1." + "9" * 6000], "is not an OID"),
    ],
)
def test_words_that_are_not_operations_use_no_counter(
    trusted: Acts, words: list[str], sentence: str
) -> None:
    before = eim_file.load(trusted.folder / f"{ONE}.json").counter
    with pytest.raises(EimError, match=sentence):
        trusted.sign(ONE, words)
    assert eim_file.load(trusted.folder / f"{ONE}.json").counter == before


def test_test_profiles_are_downloaded_one_after_the_other(acts: Acts, card: Card) -> None:
    assert "IMSI 001010000000001" in acts.download().outcome
    assert "IMSI 001010000000002" in acts.download().outcome
    assert len(card.state.profiles) == 2


def test_a_profile_is_enabled_disabled_and_deleted(acts: Acts, card: Card) -> None:
    acts.download()
    iccid = "8900101000000000100"
    acts.enable(iccid)
    assert card.state.enabled is not None
    acts.disable(iccid)
    acts.delete(iccid)
    assert not card.state.profiles
    with pytest.raises(ACT_ERRORS, match=r"EnableProfile"):
        acts.enable(iccid)


def test_a_rollback_that_nobody_permitted_is_refused(trusted: Acts) -> None:
    done = trusted.rollback()
    assert (done.outcome, done.refused) == ("ProfileRollback: rollbackNotAllowed", True)


def test_the_network_and_the_enabled_sim_authenticate_each_other_again_and_again(
    acts: Acts,
) -> None:
    acts.download()
    acts.enable("8900101000000000100")
    for _ in range(3):
        assert "IMSI 001010000000001" in acts.attach().outcome


def test_a_network_that_begins_anew_is_brought_into_step_by_the_sim(acts: Acts) -> None:
    acts.download()
    acts.enable("8900101000000000100")
    acts.attach()
    acts.attach()
    assert "IMSI 001010000000001" in Acts(acts.card).attach().outcome


def test_without_an_enabled_profile_there_is_no_sim_to_attach(acts: Acts) -> None:
    with pytest.raises(ActError, match="No Profile is enabled"):
        acts.attach()


def test_without_the_pki_of_the_card_a_download_is_a_sentence(card: Card) -> None:
    acts = Acts(LiveCard(card.directory, lambda: nullcontext(card.transmit)))
    with pytest.raises(ActError, match="needs the PKI that the card was made with"):
        acts.download()


def test_eims_may_be_kept_elsewhere(card: Card, tmp_path: Path) -> None:
    live = LiveCard(card.directory, lambda: nullcontext(card.transmit))
    acts = Acts(live, tmp_path / "eims")
    acts.make_eim(ONE)
    assert (tmp_path / "eims" / f"{ONE}.json").is_file()
