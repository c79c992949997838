"""The data of the shop. Records are `Object`s; its graph is jvspatial's nodes and edges."""

from datetime import UTC, datetime

from jvspatial.core import Edge, Node

from jvscheduler.history import Object


def as_text(time: datetime) -> str:
    """A time as UTC text. Nodes of jvspatial cannot hold times, and such texts sort by time."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


class SystemMetrics(Object):
    """The load of the machine at one moment."""

    timestamp: datetime
    cpu_percent: float = 0.0
    memory_percent: float = 0.0
    disk_percent: float = 0.0


class Report(Object):
    """A summary of the metrics of an hour."""

    since: datetime
    until: datetime
    samples: int = 0
    mean_cpu_percent: float = 0.0
    peak_memory_percent: float = 0.0


class Product(Node):
    """A product. It is restocked to `target` when fewer than `threshold` are left."""

    name: str = ""
    stock: int = 0
    threshold: int = 0
    target: int = 0


class Order(Node):
    """An order of a customer. `number` is its position in the order book."""

    number: int = 0
    quantity: int = 0
    shipped: bool = False


class Delivery(Node):
    """A delivery by a supplier."""

    timestamp: str = ""
    quantity: int = 0


class Sells(Edge):
    """From the root to a product."""


class OrderedBy(Edge):
    """From a product to an order of it."""


class SuppliedBy(Edge):
    """From a product to a delivery of it."""
