from linkunit import shared_unit, start_unit, unit

__all__ = ["shared_unit", "start_unit", "unit"]
