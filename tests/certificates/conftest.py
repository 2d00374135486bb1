from tests.care import site

__all__ = ["site"]
