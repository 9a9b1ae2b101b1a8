"""How payloads are written and read, in every process."""

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import CompositePayloadConverter

from contracts import Order
from temporal_client import DATA_CONVERTER
from tests.builders import an_order


def test_all_converters_of_a_process_know_the_types_that_one_has_learned() -> None:
    """The SDK makes one for each workflow, and for each of its tasks."""
    one, another = (DATA_CONVERTER.payload_converter_class() for _ in range(2))
    assert isinstance(one, CompositePayloadConverter)
    assert isinstance(another, CompositePayloadConverter)
    assert [*one.converters.values()] == [*another.converters.values()]


def test_payloads_are_those_of_the_sdk() -> None:
    order = an_order()
    [ours] = DATA_CONVERTER.payload_converter.to_payloads([order])
    [theirs] = PydanticPayloadConverter().to_payloads([order])
    assert ours == theirs
    assert DATA_CONVERTER.payload_converter.from_payload(ours, Order) == order
