"""EIP-2333's own test cases, EIP-2334's paths, and mnemonics of ethereum-package."""

import pytest

from chainyard.errors import RequestError
from chainyard.genesis import bls
from chainyard.genesis.derivation import (
    VALIDATORS_PATH,
    derive_child,
    derive_master,
    derive_path,
    derive_validator,
    path_indices,
    signing_path,
    withdrawal_path,
)
from chainyard.genesis.mnemonics import check_mnemonic, mnemonic_seed

DEFAULT = (
    "giant issue aisle success illegal bike spike question tent bar rely arctic volcano long crawl "
    "hungry vocal artwork sniff fantasy very lucky have athlete"
)
# ethereum-package's custom-mnemonics.yaml
EXITED = (
    "estate dog switch misery manage room million bleak wrap distance always insane usage busy "
    "chicken limit already duck feature unhappy dial emotion expire please"
)
SLASHED = (
    "bachelor goose intact globe grab observe youth kit castle purchase ranch safe wire planet "
    "portion artist soon captain before cute dinner arrange cat churn"
)
# ethereum-genesis-generator's default
GENERATOR = (
    "sleep moment list remain like wall lake industry canvas wonder ecology elite duck salad naive "
    "syrup frame brass utility club odor country obey pudding"
)
EIP_2333 = [
    (
        (
            "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553"
            "1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04"
        ),
        6083874454709270928345386274498605044986640685124978867557563392430687146096,
        0,
        20397789859736650942317412262472558107875392172444076792671091975210932703118,
    ),
    (
        "3141592653589793238462643383279502884197169399375105820974944592",
        29757020647961307431480504535336562678282505419141012933316116377660817309383,
        3141592653,
        25457201688850691947727629385191704516744796114925897962676248250929345014287,
    ),
    (
        "0099FF991111002299DD7744EE3355BBDD8844115566CC55663355668888CC00",
        27580842291869792442942448775674722299803720648445448686099262467207037398656,
        4294967295,
        29358610794459428860402234341874281240803786294062035874021252734817515685787,
    ),
    (
        "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
        19022158461524446591288038168518313374041767046816487870552872741050760015818,
        42,
        31372231650479070279774297061823572166496564838472787488249775572789064611981,
    ),
]


@pytest.mark.parametrize(("seed", "master", "index", "child"), EIP_2333)
def test_eip_2333(seed, master, index, child):
    assert derive_master(bytes.fromhex(seed)) == master
    assert derive_child(master, index) == child
    assert derive_path(bytes.fromhex(seed), f"m/{index}") == child


def test_a_longer_path_of_another_wallet():
    seed = mnemonic_seed(
        "useless seek aspect wealth remain glass medal clinic audit spawn there ten female "
        "scissors service negative diesel auction income fragile charge cactus garden void"
    )
    expected = 0x220E15BB2B34F667C90DF40AB0B53CCF6A11AF8F2EA98EB104A638BB558F5464
    assert derive_path(seed, "m/12381/8444/2/0") == expected


def test_first_validator_of_the_default_mnemonic():
    seed = mnemonic_seed(DEFAULT)
    signing = derive_path(seed, signing_path(0))
    assert f"{signing:064x}" == "0dce41fa73ae9f6bdfd51df4d422d75eee174553dba5fd450c4437e4ed3fc903"
    assert bls.public_key(signing).hex() == (
        "aaf6c1251e73fb600624937760fef218aace5b253bf068ed45398aeb29d821e4"
        "d2899343ddcbbe37cb3f6cf500dff26c"
    )


def test_the_short_way_gives_the_keys_of_the_paths():
    seed = mnemonic_seed(DEFAULT)
    signing, withdrawal = derive_validator(derive_path(seed, VALIDATORS_PATH), 7)
    assert signing == derive_path(seed, signing_path(7)) == derive_path(seed, "m/12381/3600/7/0/0")
    assert withdrawal == derive_path(seed, withdrawal_path(7))
    assert withdrawal_path(7) == "m/12381/3600/7/0"


@pytest.mark.parametrize("index", [-1, 2**32])
def test_indices_of_more_than_32_bits_are_refused(index):
    with pytest.raises(ValueError, match="an index is between"):
        derive_child(5, index)


def test_a_short_seed_is_refused():
    with pytest.raises(ValueError, match="at least 32 bytes"):
        derive_master(bytes(31))


@pytest.mark.parametrize("path", ["", "M/1", "m/", "m/1'", "m/-1", "m/1//2", "12381/1", "m/\u0661"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ValueError, match="not an EIP-2334 path"):
        path_indices(path)


def test_seed_of_the_bip_39_vector():
    # BIP-39's vector has the passphrase TREZOR; this is the same mnemonic without one.
    seed = mnemonic_seed("abandon " * 11 + "about")
    assert seed.hex().startswith("5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1")


@pytest.mark.parametrize("mnemonic", [DEFAULT, EXITED, SLASHED, GENERATOR])
def test_mnemonics_of_other_tools_are_taken(mnemonic):
    assert check_mnemonic(mnemonic) == mnemonic


def test_white_space_does_not_matter():
    folded = "  " + DEFAULT.replace(" question", "\n    question").replace(" bar", "\tbar") + "\n"
    assert mnemonic_seed(folded) == mnemonic_seed(DEFAULT)


@pytest.mark.parametrize("count", [0, 1, 11, 13, 23, 25])
def test_a_wrong_number_of_words_is_said(count):
    with pytest.raises(RequestError, match=f"params.mnemonic: .* this one has {count}"):
        check_mnemonic(" ".join((DEFAULT + " " + DEFAULT).split()[:count]), key="params.mnemonic")


def test_every_unknown_word_is_named_with_the_nearest():
    wrong = DEFAULT.replace("giant", "gient").replace("lucky", "lukcy")
    with pytest.raises(RequestError) as caught:
        check_mnemonic(wrong, key="params.mnemonic")
    message = str(caught.value)
    assert "params.mnemonic: word 1 ('gient')" in message
    assert "did you mean 'giant'?" in message
    assert "word 22 ('lukcy')" in message
    assert "did you mean 'lucky'?" in message
    assert "hungry" not in message  # the right words stay out of the logs


def test_a_wrong_checksum_is_said():
    words = DEFAULT.split()
    words[0], words[1] = words[1], words[0]
    with pytest.raises(RequestError, match="checksum is wrong"):
        check_mnemonic(" ".join(words))
