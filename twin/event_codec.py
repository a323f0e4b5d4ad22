"""An event as part of a snapshot, and back."""

import json

from twin.asset import Event
from twin.snapshot import Snapshot


def pack(event: Event) -> Snapshot:
    return {
        "asset": event.asset,
        "uid": event.uid,
        "sequence": event.sequence,
        "kind": event.kind,
        "time_ns": event.time_ns,
        "data": json.dumps(dict(event.data), sort_keys=True),
    }


def unpack(packed: Snapshot) -> Event:
    return Event(
        asset=str(packed["asset"]),
        uid=str(packed["uid"]),
        sequence=int(str(packed["sequence"])),
        kind=str(packed["kind"]),
        time_ns=int(str(packed["time_ns"])),
        data=json.loads(str(packed["data"])),
    )
