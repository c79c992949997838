"""What the shop stores: records by `Object`, its graph by jvspatial's nodes and edges."""

from datetime import UTC, datetime

from jvspatial.core import Edge, Node

from jvscheduler.history import Object


def as_text(time: datetime) -> str:
    """Nodes are jvspatial's own and know no times: UTC text, whose order is time's."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


class SystemMetrics(Object):
    """One look at the machine."""

    timestamp: datetime
    cpu_percent: float = 0.0
    memory_percent: float = 0.0
    disk_percent: float = 0.0


class Report(Object):
    """An hour of metrics in a few numbers."""

    since: datetime
    until: datetime
    samples: int = 0
    mean_cpu_percent: float = 0.0
    peak_memory_percent: float = 0.0


class Product(Node):
    """Restocked to `target` when fewer than `threshold` are left."""

    name: str = ""
    stock: int = 0
    threshold: int = 0
    target: int = 0


class Order(Node):
    """A customer's, by its number in the order book."""

    number: int = 0
    quantity: int = 0
    shipped: bool = False


class Delivery(Node):
    """What a supplier brought."""

    timestamp: str = ""
    quantity: int = 0


class Sells(Edge):
    """From the root to a product."""


class OrderedBy(Edge):
    """From a product to an order of it."""


class SuppliedBy(Edge):
    """From a product to a delivery of it."""
