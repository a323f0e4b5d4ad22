"""Names of all keys of one plant in the live store.

The plant stands in braces: on a Redis cluster all keys of a plant share a slot, which
the multi-key scripts need.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    plant: str

    def _key(self, *parts: str) -> str:
        return ":".join((f"gt:{{{self.plant}}}", *parts))

    def frames(self, host: str) -> str:
        """Backbone stream of one hosting actor."""
        return self._key("frames", host)

    def frames_prefix(self) -> str:
        return self._key("frames", "")

    def checkpoint(self, host: str) -> str:
        return self._key("checkpoint", host)

    def incarnation(self, host: str) -> str:
        return self._key("incarnation", host)

    def recommendations(self) -> str:
        """Feed of changed recommendations."""
        return self._key("recommendations")

    def edges(self) -> str:
        """Hash: endpoint → what its edge is bound to."""
        return self._key("edges")

    def hosts(self) -> str:
        """Hash: asset → host."""
        return self._key("hosts")

    def rested(self) -> str:
        """Hash: deleted asset → the host that keeps its state."""
        return self._key("rested")

    def hosted(self, host: str) -> str:
        """Set: the assets of one host."""
        return self._key("hosted", host)

    def archived(self) -> str:
        """Set: the streams that the archiver follows."""
        return self._key("archived")

    def quarantine(self) -> str:
        """Feed of refused readings."""
        return self._key("quarantine")
