import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_registry.record import MqttSource, OpcUaSource
from protocols.edge.bound_signal import BoundSignal
from twin.errors import InvalidInput

finite = st.floats(allow_nan=False, allow_infinity=False)
sources = st.one_of(
    st.builds(OpcUaSource, st.text(), st.text()),
    st.builds(MqttSource, st.text(), st.text(), st.text()),
)
signals = st.builds(
    BoundSignal, st.text(), st.text(), st.text(), sources, finite, finite, st.booleans()
)


@given(signals)
def test_a_bound_signal_comes_back_from_json_as_it_was(bound: BoundSignal) -> None:
    assert BoundSignal.from_json(bound.to_json()) == bound
    assert BoundSignal.from_json(bound.to_json().encode()) == bound


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"asset":1,"signal":"s","stream":"t","source":{},"scale":1,"offset":0,"is_text":false}',
        '{"asset":"a","signal":"s","stream":"t","source":{"protocol":"s7"},'
        '"scale":1,"offset":0,"is_text":false}',
    ],
)
def test_what_is_no_bound_signal_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no bound signal"):
        BoundSignal.from_json(text)
