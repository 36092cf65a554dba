"""The demo city: Qingdao-shaped, generated from a seed, so that nobody's data is needed to see Anlan at work."""

from anlan.city.demo.generate import generate, write_demo

__all__ = ["generate", "write_demo"]
