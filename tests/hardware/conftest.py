from tests.support.pins import mock_pins

__all__ = ["mock_pins"]
