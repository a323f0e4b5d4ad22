"""Bytes of an export as lines of text, or the reason why they are none."""

import re
from pathlib import Path
from typing import Final

from twin.errors import InvalidFile

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_WIDE_BOMS: Final = {
    b"\xff\xfe": "UTF-16 (little-endian)",
    b"\xfe\xff": "UTF-16 (big-endian)",
}
# What no text export holds: the C0 controls but tab and line ends, DEL, and the C1 controls.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def read_bytes(path: Path) -> bytes:
    """Raises InvalidFile where the file can't be read or is empty."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidFile(str(path), None, f"can't be read: {error.strerror}") from error
    if not data.strip(b"\x00\t\r\n "):
        raise InvalidFile(str(path), None, "is empty; export it again")
    return data


def decode(path: Path, data: bytes, encoding: str) -> str:
    """The text of ``data``: in UTF-8 where a byte-order mark says so, else as told.

    Raises InvalidFile with the first line that is no text in this encoding.
    """
    for mark, name in _WIDE_BOMS.items():
        if data.startswith(mark):
            why = f"is {name}, not {encoding}; save it as {encoding} or UTF-8"
            raise InvalidFile(str(path), 1, why)
    if data.startswith(_UTF8_BOM):
        data, encoding = data[len(_UTF8_BOM) :], "utf-8"
    elif encoding == "latin-1" and not data.isascii() and _is_utf8(data):
        encoding = "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = f"byte 0x{data[error.start]:02x} is not {encoding}: the file is mis-encoded"
        raise InvalidFile(str(path), line, why) from error
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        why = (
            f"control character 0x{ord(control[0]):02x}: "
            f"the file is binary, damaged or not {encoding}"
        )
        raise InvalidFile(str(path), line, why)
    return text


def _is_utf8(data: bytes) -> bool:
    """Latin-1 text beyond ASCII is practically never valid UTF-8, so valid means UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
