"""WriteRequests as bytes, written by hand from the message's definition, so that the decoder is judged by the wire."""

import struct


def varint(number):
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def write_request(*series):
    """`series`: (labels, [(value, ts)]) each."""
    body = b""
    for labels, samples in series:
        inner = b"".join(field(1, field(1, k.encode()) + field(2, v.encode())) for k, v in sorted(labels.items()))
        inner += b"".join(field(2, b"\x09" + struct.pack("<d", v) + b"\x10" + varint(ts)) for v, ts in samples)
        body += field(1, inner)
    return body
