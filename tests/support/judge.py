"""The judge of every answer: GSMA's own SGP.32 v1.2 module as pycrate compiled it.

The module comes with the asn1play package and is loaded by its file, since importing that package
runs more than we want. Nothing of it is ours.
"""

import importlib.util
import sys
from functools import cache
from importlib.metadata import files
from pathlib import Path
from types import ModuleType
from typing import Any

from apdu.tlv import children, tlv, whole

SGP32 = "GSMA/SGP_32/v1_2/python_gen/sgp32/sgp32.py"
SGP32_V1_0_1 = "GSMA/SGP_32/v1_0_1/python_gen/sgp32/sgp32.py"
SGP32_V1_1 = "GSMA/SGP_32/v1_1/python_gen/sgp32/sgp32.py"
SGP22 = "GSMA/SGP_22/v2_5/python_gen/sgp22/sgp22.py"
SGP22_V2_6 = "GSMA/SGP_22/v2_6/python_gen/sgp22/sgp22.py"
SGP22_V3_1 = "GSMA/SGP_22/v3_1/python_gen/sgp22/sgp22.py"
SAIP = "TCA/eUICC_Profile_Package/v3_3_1/python_gen/epp/epp.py"


@cache
def module(tail: str) -> ModuleType:
    """One generated module, by the end of its path."""
    path = next(
        Path(str(one.locate())) for one in files("asn1play") or () if str(one).endswith(tail)
    )
    name = "judge_" + tail.removesuffix(".py").replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def judged(name: str, data: bytes, version: str = SGP32) -> Any:
    """Decode `data` as the type of that ASN.1 name, of SGP.32 or else of SGP.22.

    Fails unless the judge's own encoding of what it read is the same, byte for byte.
    """
    generated = module(version)
    types = getattr(generated, "SGP32Definitions", None)
    if types is None:
        types = generated.RSPDefinitions
    elif not hasattr(types, name):
        types = module(SGP22).RSPDefinitions
    one = getattr(types, name)
    one.from_der(data)
    value = one.get_val()
    one.set_val(value)
    again = one.to_der()
    if again != data:
        raise AssertionError(f"{name}: {data.hex()} is DER for {again.hex()}")
    return value


def without_level(info: bytes) -> bytes:
    """EUICCInfo2 without euiccMinimumSecurityLevel, the last field, which no module here knows."""
    outer = whole(info)
    fields = children(info, outer.value)
    kept = fields[:-1] if fields[-1].tag == 0x95 else fields
    return tlv(outer.tag, info[outer.value : kept[-1].end])
