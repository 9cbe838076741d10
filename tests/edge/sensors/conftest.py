from tests.support.pins import mock_pins, pin

__all__ = ["mock_pins", "pin"]
