"""The names pcscd gives vpcd's readers, and how to configure one more. Knows nothing of sockets."""

from pathlib import Path

DEFAULT_PORT = 35963
SLOTS_PER_READER = 2
CONFIGURATION = Path("/etc/reader.conf.d")
USUAL_LIBRARY = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"


def reader_name(index: int) -> str:
    """The name that PC/SC programs see for the slot of the card with this index (from 0)."""
    reader, slot = divmod(index, SLOTS_PER_READER)
    return f"{_friendly_name(reader)} 00 {slot:02X}"


def one_reader_more(index: int, port: int, library: str) -> str:
    """Instructions for giving the card with this index (from 0) a slot on `port`."""
    reader, slot = divmod(index, SLOTS_PER_READER)
    channel = f"0x{port - slot:04X}"
    copy = f"{library.removesuffix('.so')}{reader + 1}.so"
    return "\n".join(
        [
            f"No reader has a slot on port {port} for card {index + 1}: a vpcd reader has "
            f"{SLOTS_PER_READER}.",
            "vpcd keeps one table of slots per library file, so copy the file first (a link is not "
            "enough):",
            f"  cp {library} {copy}",
            f"Then put these four lines into {CONFIGURATION}/vpcd{reader + 1}:",
            f'  FRIENDLYNAME "{_friendly_name(reader)}"',
            f"  DEVICENAME   /dev/null:{channel}",
            f"  LIBPATH      {copy}",
            f"  CHANNELID    {channel}",
            "and restart pcscd.",
        ]
    )


def installed_library(configuration: Path = CONFIGURATION) -> str:
    """The driver's path in the configuration of the first reader, or else the usual one."""
    try:
        lines = (configuration / "vpcd").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return USUAL_LIBRARY
    words = [line.split() for line in lines]
    return next((w[1] for w in words if len(w) > 1 and w[0] == "LIBPATH"), USUAL_LIBRARY)


def _friendly_name(reader: int) -> str:
    return f"Virtual PCD {reader + 1}" if reader else "Virtual PCD"
