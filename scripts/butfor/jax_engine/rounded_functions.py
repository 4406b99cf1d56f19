"""Logarithm, sine and cosine in float32 as the C library rounds them, by which TensorFlow draws normals on a CPU.

They are off by up to 0.8 units in the last place, which NumPy's own are not, or otherwise: of two in a hundred draws the last
bit would differ. Both are those of Arm's optimized routines, in double precision.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]


def _exactly(numbers: str) -> list[float]:
    return [float.fromhex(number) for number in numbers.split()]


_INVERSES = np.array(
    _exactly(
        "0x1.661ec79f8f3bep+0 0x1.571ed4aaf883dp+0 0x1.49539f0f010bp+0 0x1.3c995b0b80385p+0 0x1.30d190c8864a5p+0"
        " 0x1.25e227b0b8eap+0 0x1.1bb4a4a1a343fp+0 0x1.12358f08ae5bap+0 0x1.0953f419900a7p+0 0x1p+0 0x1.e608cfd9a47acp-1"
        " 0x1.ca4b31f026aap-1 0x1.b2036576afce6p-1 0x1.9c2d163a1aa2dp-1 0x1.886e6037841edp-1 0x1.767dcf5534862p-1"
    )
)
_LOGARITHMS = np.array(
    _exactly(
        "-0x1.57bf7808caadep-2 -0x1.2bef0a7c06ddbp-2 -0x1.01eae7f513a67p-2 -0x1.b31d8a68224e9p-3 -0x1.6574f0ac07758p-3"
        " -0x1.1aa2bc79c81p-3 -0x1.a4e76ce8c0e5ep-4 -0x1.1973c5a611cccp-4 -0x1.252f438e10c1ep-5 0x0p+0 0x1.aa5aa5df25984p-5"
        " 0x1.c5e53aa362eb4p-4 0x1.526e57720db08p-3 0x1.bc2860d22477p-3 0x1.1058bc8a07ee1p-2 0x1.4043057b6ee09p-2"
    )
)
_LOG_TERMS = _exactly("-0x1.00ea348b88334p-2 0x1.5575b0be00b6ap-2 -0x1.ffffef20a4123p-2")
_COS = _exactly("0x1p+0 -0x1.ffffffd0c621cp-2 0x1.55553e1068f19p-5 -0x1.6c087e89a359dp-10 0x1.99343027bf8c3p-16")
_SIN = _exactly("-0x1.555545995a603p-3 0x1.1107605230bc4p-7 -0x1.994eb3774cf24p-13")
_LN2, _QUARTER, _QUARTERS = _exactly("0x1.62e42fefa39efp-1 0x1.921FB54442D18p0 0x1.45F306DC9C883p-1")
_OFFSET = 0x3F330000


def logarithm(x: Floats) -> Floats:
    """ln x of normal numbers above 0."""
    bits = x.view(np.int32)
    shifted = bits - np.int32(_OFFSET)
    place = (shifted >> 19) & 15
    mantissa = (bits - (shifted & np.int32(-0x800000))).view(np.float32).astype(np.float64)
    r = mantissa * _INVERSES[place] - 1.0
    start = _LOGARITHMS[place] + (shifted >> 23) * _LN2
    square = r * r
    terms = _LOG_TERMS[1] * r + _LOG_TERMS[2]
    terms = _LOG_TERMS[0] * square + terms
    return np.asarray(terms * square + (start + r)).astype(np.float32)


def sine_and_cosine(x: Floats) -> tuple[Floats, Floats]:
    """Of angles from 0 to 120."""
    angle = x.astype(np.float64)
    quarter = np.floor(angle * _QUARTERS + 0.5).astype(np.int64)
    near = angle < np.pi / 4
    quarter[near] = 0
    r = angle - quarter * _QUARTER
    square = r * r
    sine = r + square * r * _SIN[0] + square * r * square * (_SIN[1] + square * _SIN[2])
    cosine = (_COS[0] + square * _COS[1]) + square**2 * _COS[2] + square**2 * square * (_COS[3] + square * _COS[4])
    odd, place = quarter % 2 == 1, quarter % 4
    sines = np.where(odd, cosine, sine) * np.where(place >= 2, -1.0, 1.0)
    cosines = np.where(odd, sine, cosine) * np.where((place == 1) | (place == 2), -1.0, 1.0)
    return sines.astype(np.float32), cosines.astype(np.float32)
