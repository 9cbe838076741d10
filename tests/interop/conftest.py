from tests.support.link_unit import shared_unit, start_unit, unit

__all__ = ["shared_unit", "start_unit", "unit"]
