"""Addresses of sources: what is well formed, and the one way in which each is stored.

A node is bound once in a plant, so an endpoint may not have two spellings.
"""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from asset_registry.record import MqttSource, OpcUaSource, PushSource, Source

_NODE_ID: Final = re.compile(
    r"(ns=\d{1,5};)?"
    r"(i=\d{1,10}|s=\S(.*\S)?|g=[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
    r"|b=[A-Za-z0-9+/]+={0,2})"
)


def violations_of(source: Source) -> list[tuple[str, str]]:
    """``(field, what is wrong)`` for each malformed part of an address."""
    match source:
        case OpcUaSource():
            found = [("opcua.endpoint", _url_fault(source.endpoint, ("opc.tcp",)))]
            if not _NODE_ID.fullmatch(source.node_id):
                fault = f"{source.node_id!r} is no node id; write it like 'ns=2;s=gauge.weight'"
                found.append(("opcua.node_id", fault))
        case MqttSource():
            found = [
                ("mqtt.broker", _url_fault(source.broker, ("mqtt",))),
                ("mqtt.topic", _topic_fault(source.topic)),
                ("mqtt.metric", _metric_fault(source.metric)),
            ]
        case PushSource():
            found = []
    return [(field, fault) for field, fault in found if fault]


def normalised(source: Source) -> Source:
    """The same source as it is stored: host in small letters, no ``ns=0;``, no last slash."""
    match source:
        case OpcUaSource():
            return OpcUaSource(_url(source.endpoint), source.node_id.removeprefix("ns=0;"))
        case MqttSource():
            return replace(source, broker=_url(source.broker))
        case PushSource():
            return source


def _url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{separator}{host.lower()}{slash}{path}".rstrip("/")


def _url_fault(text: str, schemes: tuple[str, ...]) -> str:
    example = f"write it like '{schemes[0]}://192.0.2.7:4840'"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        return f"{text!r} is no address ({error}); {example}"
    if parts.scheme not in schemes or not parts.hostname or port is None:
        return f"{text!r} is no address with a host and a port; {example}"
    if re.search(r"\s", text) or port == 0:
        return f"{text!r} is no address; {example}"
    if parts.username is not None or parts.password is not None:
        return "an address may not hold a user or a password; set them in the edge's configuration"
    return ""


def _topic_fault(topic: str) -> str:
    if not topic:
        return "is empty; name the topic that is published"
    if set(topic) & set("+#\0"):
        return f"{topic!r} holds a wildcard; name one topic"
    return "is longer than 65535 bytes" if len(topic.encode()) > 65_535 else ""


def _metric_fault(metric: str) -> str:
    if all(metric.split(".")):
        return ""
    return f"{metric!r} is no path into the payload; write it like 'mass' or 'scale.mass'"
