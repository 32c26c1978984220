"""Zip archives, as `.npz` and `.pt2` are, from people whom we don't know.

A zip can lie about its sizes, name a member twice, overlap members, or unpack to a million times its own size. Whoever
reads members through this module sees an archive that does none of that.
"""

import os
import zipfile
from collections.abc import Iterable
from typing import BinaryIO

from modelreuse.worker.errors import TaskError

MAX_MEMBERS = 100_000
_KNOWN_COMPRESSION = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_END = b"PK\x05\x06"
_END_BYTES = 22
"""Of the end-of-directory record without its comment, whose length stands in the last two."""
_LONGEST_COMMENT = 0xFFFF

DAMAGED = (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OverflowError)
"""What reading a damaged archive can raise, beside zlib.error, which is no subclass of them."""


class Archive:
    """The members of a zip archive by name; all of them stored or deflated, none encrypted, no name twice.

    Raises TaskError ArchiveDamaged for anything else, naming `field`.
    """

    def __init__(self, stream: BinaryIO, field: str, kind: str) -> None:
        self.field = field
        self.kind = kind
        try:
            self._zip = zipfile.ZipFile(stream)
        except DAMAGED:
            raise self.damaged(f"is no readable {kind} archive: cut off, or of another format") from None
        if not _is_whole(stream, self._zip):
            raise self.damaged(f"is no readable {kind} archive: cut off, or with something before or after it")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._zip.infolist():
            self._admit(member)

    def _admit(self, member: zipfile.ZipInfo) -> None:
        if len(self._members) >= MAX_MEMBERS:
            raise self.damaged(f"has more than {MAX_MEMBERS} members")
        if member.filename in self._members:
            raise self.damaged(f"names the member {member.filename!r} twice")
        if member.compress_type not in _KNOWN_COMPRESSION or member.flag_bits & _ENCRYPTED:
            raise self.damaged(f"member {member.filename!r} is encrypted or compressed in an unknown way")
        self._members[member.filename] = member

    @property
    def names(self) -> list[str]:
        """Names of all members, in the archive's order."""
        return list(self._members)

    def size(self, name: str) -> int:
        """Bytes of a member once unpacked, as declared; `open` never gives more."""
        return self._members[name].file_size

    def is_compressed(self, name: str) -> bool:
        """Whether a member is deflated."""
        return self._members[name].compress_type != zipfile.ZIP_STORED

    def check_size(self, names: Iterable[str], limit: int) -> None:
        """Raises TaskError ArchiveTooLarge if the members unpack to more than `limit` bytes together."""
        declared = sum(self.size(name) for name in names)
        if declared > limit:
            raise TaskError(
                "ArchiveTooLarge",
                self.field,
                f"unpacks to {declared} bytes; at most {limit} are read, so pass a sample of the data",
            )

    def open(self, name: str) -> zipfile.ZipExtFile:
        """A member as a stream of at most `size(name)` bytes; its checksum is compared at the end."""
        stream = self._zip.open(self._members[name])
        assert isinstance(stream, zipfile.ZipExtFile)
        return stream

    def damaged(self, detail: str) -> TaskError:
        """The error for content that isn't what an archive of this kind holds."""
        return TaskError("ArchiveDamaged", self.field, detail)


def _is_whole(stream: BinaryIO, archive: zipfile.ZipFile) -> bool:
    """Whether the archive is all that there is.

    A reader looks for the directory from the end; in a file that was cut off it may find that of an archive inside.
    """
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT))
    tail = stream.read()
    end = tail.rfind(_END)
    comment = int.from_bytes(tail[end + _END_BYTES - 2 : end + _END_BYTES], "little")
    starts = [member.header_offset for member in archive.infolist()]
    return end >= 0 and end + _END_BYTES + comment == len(tail) and (not starts or min(starts) == 0)
