"""Resource names, page tokens and statuses, as all servicers share them."""

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from hypothesis import assume, given
from hypothesis import strategies as st

from protocols.grpc.errors import code_of, error_of, status_of
from protocols.grpc.names import (
    asset_name,
    asset_of,
    check_plant,
    recommendation_name,
    recommendation_of,
)
from protocols.grpc.paging import page_size, read_token, write_token
from twin import errors
from twin.errors import FieldViolation, InvalidRequest, NotFound

arguments = st.dictionaries(
    st.text(max_size=5), st.text(max_size=5) | st.booleans() | st.lists(st.integers()), max_size=3
)


@given(st.text(min_size=1), arguments)
def test_a_token_gives_its_position_back(position: str, given_: dict[str, object]) -> None:
    assume(position.isprintable())
    assert read_token(write_token(position, given_), given_) == position


@given(st.text(min_size=1).filter(str.isprintable), arguments, arguments)
def test_a_token_is_refused_for_other_arguments(
    position: str, one: dict[str, object], other: dict[str, object]
) -> None:
    assume(one != other)
    with pytest.raises(InvalidRequest) as refused:
        read_token(write_token(position, one), other)
    assert [v.field for v in refused.value.violations] == ["page_token"]


@given(st.text(min_size=1))
def test_a_token_that_was_never_given_is_refused(token: str) -> None:
    with pytest.raises(InvalidRequest):
        read_token(token, {})


@given(st.integers(0, 20), st.characters(codec="ascii"))
def test_an_altered_token_is_refused(place: int, letter: str) -> None:
    token = write_token("line1/coater", {})
    altered = token[:place] + letter + token[place + 1 :]
    assume(altered != token)
    with pytest.raises(InvalidRequest):
        read_token(altered, {})


def test_no_token_begins_at_the_beginning() -> None:
    assert read_token("", {"kind": "oven"}) == ""


@pytest.mark.parametrize(("requested", "size"), [(0, 100), (1, 1), (1000, 1000), (5000, 1000)])
def test_a_page_size_is_coerced(requested: int, size: int) -> None:
    assert page_size(requested) == size


def test_a_negative_page_size_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        page_size(-1)


def test_names_are_taken_apart_as_they_were_made() -> None:
    assert asset_of(asset_name("demo", "line1/a"), "demo") == "line1/a"
    assert recommendation_of(recommendation_name("demo", "r1"), "demo") == "r1"
    check_plant("plants/demo", "demo")


@pytest.mark.parametrize(
    "name", ["", "plants/demo", "plants/demo/assets/", "plants/demo/lots/a", "plants/Demo/assets/a"]
)
def test_a_malformed_name_is_told_by_its_field(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asset_of(name, "demo", field="asset")
    (violation,) = refused.value.violations
    assert violation.field == "asset"
    assert "plants/{plant}/assets/{asset}" in violation.description


def test_another_plant_is_not_found() -> None:
    with pytest.raises(NotFound):
        asset_of("plants/other/assets/a", "demo")
    with pytest.raises(NotFound):
        check_plant("plants/other", "demo")


def a_call_that_failed(error: errors.GigatwinError) -> grpc.aio.AioRpcError:
    status = status_of(error)
    trailing = grpc.aio.Metadata(("grpc-status-details-bin", status.SerializeToString()))
    return grpc.aio.AioRpcError(code_of(error), grpc.aio.Metadata(), trailing, status.message)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInput("x"), "INVALID_ARGUMENT"),
        (errors.UnitMismatch("x"), "INVALID_ARGUMENT"),
        (errors.InvalidRequest(FieldViolation("a", "x")), "INVALID_ARGUMENT"),
        (errors.InvalidAsset("n", (FieldViolation("a", "x"),)), "INVALID_ARGUMENT"),
        (errors.NotFound("x"), "NOT_FOUND"),
        (errors.AlreadyExists("x"), "ALREADY_EXISTS"),
        (errors.StaleEtag("x"), "ABORTED"),
        (errors.Fenced("x"), "ABORTED"),
        (errors.TooOld("x"), "OUT_OF_RANGE"),
        (errors.IllegalTransition("x"), "FAILED_PRECONDITION"),
        (errors.Unavailable("x"), "UNAVAILABLE"),
        (errors.InvalidConfiguration("x"), "INTERNAL"),
    ],
)
def test_an_error_reaches_the_client_as_it_was_raised(
    error: errors.GigatwinError, code: str
) -> None:
    assert code_of(error).name == code
    back = error_of(a_call_that_failed(error))
    assert type(back) is type(error)
    assert str(back) == str(error)


def test_a_status_tells_reason_domain_and_fields() -> None:
    status = status_of(
        errors.InvalidAsset("a", (FieldViolation("x", "is bad"), FieldViolation("y", "is worse")))
    )
    info, bad = ErrorInfo(), BadRequest()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(bad)
    assert (info.reason, info.domain, info.metadata) == (
        "INVALID_ASSET",
        "gigatwin",
        {"asset": "a"},
    )
    assert [(v.field, v.description) for v in bad.field_violations] == [
        ("x", "is bad"),
        ("y", "is worse"),
    ]


def test_bad_input_always_tells_a_violation() -> None:
    bad = BadRequest()
    assert status_of(errors.UnitMismatch("no unit")).details[1].Unpack(bad)
    assert [v.description for v in bad.field_violations] == ["no unit"]


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.Unavailable),
        (grpc.StatusCode.UNAVAILABLE, errors.Unavailable),
        (grpc.StatusCode.UNIMPLEMENTED, errors.GigatwinError),
    ],
)
def test_a_status_of_grpcs_own_is_told_in_our_words(
    code: grpc.StatusCode, cls: type[errors.GigatwinError]
) -> None:
    call = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), "")
    assert type(error_of(call)) is cls
