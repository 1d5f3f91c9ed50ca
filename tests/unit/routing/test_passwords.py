"""Which passwords a person may choose."""

import pytest

from routing.passwords import Weakness, weakness


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", Weakness.SHORT),
        ("k7Qz!mbv2", Weakness.SHORT),
        ("x" * 201, Weakness.LONG),
        ("anna-anna-anna", Weakness.YOURS),
        ("Anna20261130", Weakness.YOURS),
        ("deVries!2026", Weakness.YOURS),
        ("aaaaaaaaaaaa", Weakness.COMMON),
        ("password1234", Weakness.COMMON),
        ("P@ssw0rd!2026", Weakness.COMMON),
        ("Wachtwoord01", Weakness.COMMON),
        ("qwertyuiop12", Weakness.COMMON),
        ("1234567890", Weakness.COMMON),
        ("abcdefghijkl", Weakness.COMMON),
        ("Welkom2026!!", Weakness.COMMON),
        ("correct horse battery", None),
        ("abcd-efgh-jkmn", None),
        ("k7Qz!mbv2x", None),
        ("密码是很难猜的一句话", None),
    ],
)
def test_what_may_be_chosen(password: str, why: Weakness | None) -> None:
    assert weakness(password, "anna", "Anna de Vries") == why
