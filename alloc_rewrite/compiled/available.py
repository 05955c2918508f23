"""Whether llvmlite is there, for those who have to know before anything is compiled."""

from importlib.machinery import PathFinder

#: Whether it can be found, as far as looking for it tells.
COMPILES = PathFinder.find_spec("llvmlite") is not None
