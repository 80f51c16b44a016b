"""Handles of the library, and callbacks that live as long as the handle that they are registered with."""

import ctypes
import json
import weakref
from typing import Any, Callable, Dict, Optional

from ._library import FREE, lib
from .errors import check


def value_of(handle: Optional[int]) -> Any:
    """A borrowed value as Python objects."""
    return json.loads(lib.value_json(handle)) if handle else None


def call_for_value(function: Callable[..., Any], *arguments: Any) -> Any:
    """Calls a function with an output place for a value before the one for an error."""
    result = ctypes.c_void_p()
    check(function, *arguments, ctypes.byref(result))
    try:
        return value_of(result.value)
    finally:
        lib.value_free(result)


class Handle:
    """Owns one object of the library. `close` frees it, and so does garbage collection or the end of the interpreter."""

    def __init__(self, handle: int, free: Callable[[int], None]) -> None:
        self._handle: Optional[int] = handle
        self._finalizer = weakref.finalize(self, free, handle)

    @property
    def handle(self) -> int:
        if self._handle is None:
            raise ValueError(f"this {type(self).__name__} is closed")
        return self._handle

    def close(self) -> None:
        """Frees the object; closing it again does nothing."""
        self._handle = None
        self._finalizer()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


# Functions that the library may run, by the number that it gets as user_data. An entry goes when the library says that
# the function will not run again; ctypes must not free it earlier.
_registered: Dict[int, Any] = {}
_next = iter(range(1, 1 << 62))


@FREE
def _forget(user_data: Optional[int]) -> None:
    _registered.pop(user_data or 0, None)


def register(function: Callable[..., Any], handle: int, *before: Any, callback: Optional[Any]) -> None:
    """Sets a callback (None: removes it) by a function of the library that takes one and its user_data."""
    if callback is None:
        check(function, handle, *before, _null(function, len(before)), None, None)
        return
    number = next(_next)
    _registered[number] = callback
    check(function, handle, *before, callback, number, ctypes.cast(_forget, ctypes.c_void_p))


def register_new(function: Callable[..., Any], callback: Any) -> int:
    """The same for a constructor that takes a callback."""
    number = next(_next)
    _registered[number] = callback
    return check(function, callback, number, ctypes.cast(_forget, ctypes.c_void_p))


def _null(function: Any, arguments_before: int) -> Any:
    """A NULL of the callback's own type."""
    return function.argtypes[1 + arguments_before]()
