"""How roles talk: the port and the frame on the wire. Adapters are named in `app.wiring` only."""

from penstock.bus.port import (
    EVENTS_SUBJECT,
    HEADER_ID,
    HEADER_ROWS,
    LIVE_LANES,
    Bus,
    Delivery,
    Handler,
    Held,
    Lane,
    LiveMessage,
    Pending,
    Responder,
    tenant_subject,
)
from penstock.bus.wire import decode_frame, encode_frame, rows_header

__all__ = [
    "EVENTS_SUBJECT",
    "HEADER_ID",
    "HEADER_ROWS",
    "LIVE_LANES",
    "Bus",
    "Delivery",
    "Handler",
    "Held",
    "Lane",
    "LiveMessage",
    "Pending",
    "Responder",
    "decode_frame",
    "encode_frame",
    "rows_header",
    "tenant_subject",
]
