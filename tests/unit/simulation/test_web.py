"""The web remembers what was laid where."""

import pytest

from simulation.web import Web


def test_before_the_first_metre_lies_what_was_there_at_the_start() -> None:
    web = Web(length_m=2.0, initial=20.0)
    web.lay(0.5, 21.0)
    assert web.at(-1.0) == 20.0
    assert web.at(0.25) == 21.0


def test_each_stretch_keeps_what_was_laid_on_it() -> None:
    web = Web(length_m=2.0, initial=0.0, pitch_m=0.1)
    for metre in range(1, 50):
        web.lay(metre / 10 + 0.05, float(metre))
    assert [web.at(metre / 10 + 0.05) for metre in range(30, 49)] == list(map(float, range(30, 49)))


def test_a_standing_web_is_not_coated_anew() -> None:
    web = Web(length_m=2.0, initial=0.0)
    web.lay(1.0, 20.0)
    web.lay(1.0, 99.0)
    assert web.at(1.0) == 20.0


def test_web_that_has_left_the_line_is_asked_for_in_vain() -> None:
    web = Web(length_m=2.0, initial=0.0)
    web.lay(10.0, 20.0)
    with pytest.raises(ValueError, match="left the line"):
        web.at(7.0)
