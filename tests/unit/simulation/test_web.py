"""The web remembers what was laid where."""

import numpy as np
import pytest

from simulation.web import Web


def laid(web: Web, until_m: float, value: float) -> None:
    web.lay(np.array([until_m]), {"loading": np.array([value])})


def at(web: Web, metre: float) -> float:
    return float(web.at("loading", np.array([metre]))[0])


def test_before_the_first_metre_lies_what_was_there_at_the_start() -> None:
    web = Web(2.0, {"loading": 20.0})
    laid(web, 0.5, 21.0)
    assert at(web, -1.0) == 20.0
    assert at(web, 0.25) == 21.0


def test_each_stretch_keeps_what_was_laid_on_it_however_long_the_web_runs() -> None:
    web = Web(2.0, {"loading": 0.0})
    for metre in range(1, 10_000):
        laid(web, metre / 10, float(metre))
    assert [at(web, metre / 10 - 0.05) for metre in range(9_980, 9_999)] == list(
        map(float, range(9_980, 9_999))
    )


def test_a_standing_web_is_not_coated_anew() -> None:
    web = Web(2.0, {"loading": 0.0})
    laid(web, 1.0, 20.0)
    laid(web, 1.0, 99.0)
    assert at(web, 1.0) == 20.0


def test_web_that_has_left_the_line_is_asked_for_in_vain() -> None:
    web = Web(2.0, {"loading": 0.0})
    for metre in range(1, 10_000):
        laid(web, metre / 10, float(metre))
    with pytest.raises(ValueError, match="left the line"):
        at(web, 7.0)
