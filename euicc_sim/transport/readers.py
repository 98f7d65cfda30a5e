"""What pcscd calls vpcd's readers, and the file that gives it one more. Knows no socket."""

from pathlib import Path

DEFAULT_PORT = 35963
SLOTS_PER_READER = 2
CONFIGURATION = Path("/etc/reader.conf.d")
USUAL_LIBRARY = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"


def reader_name(index: int) -> str:
    """Name the slot of the card with this index as PC/SC programs see it."""
    reader, slot = divmod(index, SLOTS_PER_READER)
    return f"{_friendly_name(reader)} 00 {slot:02X}"


def one_reader_more(index: int, port: int, library: str) -> str:
    """Tell in words what to do so that the card with this index has a slot at `port`."""
    reader, slot = divmod(index, SLOTS_PER_READER)
    channel = f"0x{port - slot:04X}"
    copy = f"{library.removesuffix('.so')}{reader + 1}.so"
    return "\n".join(
        [
            f"No reader has a slot at port {port} for card {index + 1}: one vpcd reader has "
            f"{SLOTS_PER_READER}.",
            "vpcd keeps one table of slots per file, so first copy it (a link will not do):",
            f"  cp {library} {copy}",
            f"Then write these four lines to {CONFIGURATION}/vpcd{reader + 1}:",
            f'  FRIENDLYNAME "{_friendly_name(reader)}"',
            f"  DEVICENAME   /dev/null:{channel}",
            f"  LIBPATH      {copy}",
            f"  CHANNELID    {channel}",
            "and restart pcscd.",
        ]
    )


def installed_library(configuration: Path = CONFIGURATION) -> str:
    """Find the driver's path in the configuration of the first reader, else guess it."""
    try:
        lines = (configuration / "vpcd").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return USUAL_LIBRARY
    words = [line.split() for line in lines]
    return next((w[1] for w in words if len(w) > 1 and w[0] == "LIBPATH"), USUAL_LIBRARY)


def _friendly_name(reader: int) -> str:
    return f"Virtual PCD {reader + 1}" if reader else "Virtual PCD"
