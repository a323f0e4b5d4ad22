from protocols.files.linking import Candidate, link


def test_a_piece_is_found_by_the_copies_of_its_masses_not_by_its_position() -> None:
    measured = {2: {"wet": 13.379999999999999, "dry": 11.771}, 3: {"wet": 13.36, "dry": 11.788}}
    pieces = [
        Candidate("a", {"wet": 13.38, "dry": 11.771}, position=1),
        Candidate("b", {"wet": 13.36, "dry": 11.788}, position=2),
    ]

    assert link(measured, pieces) == {2: "a", 3: "b"}


def test_position_decides_between_equal_measurements() -> None:
    measured = {1: {"wet": 1.3}, 2: {"wet": 1.3}}

    assert link(measured, [Candidate("a", {"wet": 1.3}, position=2)]) == {2: "a"}


def test_what_is_not_certain_is_not_linked() -> None:
    measured = {1: {"wet": 1.3}, 2: {"wet": 1.3}, 3: {"wet": 1.4}}
    pieces = [
        Candidate("fits two, position neither", {"wet": 1.3}, position=7),
        Candidate("without copies", {}, position=1),
        Candidate("claims the third", {"wet": 1.4}, position=3),
        Candidate("claims it, too", {"wet": 1.4}, position=3),
    ]

    assert link(measured, pieces) == {}


def test_a_copy_of_a_measurement_that_is_missing_fits_nothing() -> None:
    assert link({1: {"wet": 13.0}}, [Candidate("a", {"wet": 13.0, "dry": 11.0}, 1)]) == {}
