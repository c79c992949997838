"""The tasks of the shop: async functions, and a Walker over its graph."""

# The queries of jvspatial are typed to return its base class.
# mypy: disable-error-code="attr-defined,arg-type,untyped-decorator"

from datetime import UTC, datetime, timedelta
from statistics import fmean

import psutil
from jvspatial.core import Root, Walker, on_visit

from jvscheduler import on_schedule
from jvscheduler.history import ScheduledJob
from shop.entities import Delivery, Product, Report, SuppliedBy, SystemMetrics, as_text
from shop.stock import next_orders

KEEP_METRICS = timedelta(days=7)
KEEP_JOBS = timedelta(days=30)
ORDERS_AT_ONCE = 5


@on_schedule("every minute", timeout_seconds=30, description="Store CPU, memory and disk use")
async def collect_metrics() -> dict[str, float]:
    usage = {
        "cpu_percent": psutil.cpu_percent(interval=0.1),
        "memory_percent": psutil.virtual_memory().percent,
        "disk_percent": psutil.disk_usage("/").percent,
    }
    await SystemMetrics.create(timestamp=datetime.now(UTC), **usage)
    print(f"CPU {usage['cpu_percent']} %, memory {usage['memory_percent']} %")
    return usage


@on_schedule("hourly", retry_count=2, description="Sum up the last hour's metrics")
async def hourly_report() -> str:
    until = datetime.now(UTC)
    since = until - timedelta(hours=1)
    metrics = await SystemMetrics.find({"context.timestamp": {"$gte": since}})
    report = await Report.create(
        since=since,
        until=until,
        samples=len(metrics),
        mean_cpu_percent=round(fmean([m.cpu_percent for m in metrics] or [0.0]), 1),
        peak_memory_percent=max((m.memory_percent for m in metrics), default=0.0),
    )
    print(f"{report.samples} samples, mean CPU {report.mean_cpu_percent} %")
    return report.id


@on_schedule("daily at 02:00", time_zone="Europe/Berlin", description="Delete old records")
async def clean_up() -> dict[str, int]:
    now = datetime.now(UTC)
    metrics = await SystemMetrics.delete_many({"context.timestamp": {"$lt": now - KEEP_METRICS}})
    jobs = await ScheduledJob.delete_many({"context.completed_at": {"$lt": now - KEEP_JOBS}})
    return {"metrics": metrics.deleted_count, "jobs": jobs.deleted_count}


@on_schedule("every minute", timeout_seconds=30, description="Take orders from the order book")
async def take_orders() -> list[int]:
    orders = await next_orders(ORDERS_AT_ONCE)
    print(f"took {len(orders)} orders")
    return [order.number for order in orders]


@on_schedule("every 2 minutes", timeout_seconds=30, description="Ship orders, refill shelves")
class Restock(Walker):
    """Visits the products from the root. Ships orders and refills products that run low.

    Only this task changes a stock, and only one job of it runs at once. Otherwise
    two writers could overwrite each other's change.
    """

    @on_visit(Root)
    async def enter(self, root: Root) -> None:
        await self.visit(await root.nodes(node=[Product]))

    @on_visit(Product)
    async def check(self, product: Product) -> None:
        shipped = await self._ship(product)
        delivered = await self._refill(product)
        if shipped or delivered:
            await product.save()
            await self.report({"product": product.name, "shipped": shipped, "delivered": delivered})
            print(f"{product.name}: shipped {shipped}, delivered {delivered}")

    async def _ship(self, product: Product) -> int:
        before = product.stock
        for order in await product.nodes(node=[{"Order": {"context.shipped": False}}]):
            if order.quantity <= product.stock:
                product.stock -= order.quantity
                order.shipped = True
                await order.save()
        return before - product.stock

    async def _refill(self, product: Product) -> int:
        missing = product.target - product.stock
        if product.stock >= product.threshold:
            return 0
        now = as_text(datetime.now(UTC))
        delivery = await Delivery.create(timestamp=now, quantity=missing)
        await product.connect(delivery, edge=SuppliedBy)
        product.stock = product.target
        return missing
