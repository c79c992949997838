"""The shop's shelves: a graph of products, their orders and their deliveries.

Two CSV files hold the catalogue of products and the order book.
"""

# The queries of jvspatial are typed to return its base class.
# mypy: disable-error-code="attr-defined,assignment,return-value,misc,arg-type"

import csv
from pathlib import Path

from jvspatial.core import Root

from shop.entities import Order, OrderedBy, Product, Sells

CATALOGUE = Path(__file__).with_name("catalogue.csv")
ORDER_BOOK = Path(__file__).with_name("orders.csv")


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


async def shelves() -> dict[str, Product]:
    """The products by name. An empty shop is filled from the catalogue."""
    root = await Root.get()
    known = {product.name: product for product in await root.nodes(node=[Product])}
    for row in rows(CATALOGUE):
        if row["name"] not in known:
            known[row["name"]] = await _put_on_shelf(root, row)
    return known


async def next_orders(count: int) -> list[Order]:
    """The next orders of the order book. After its end it starts again."""
    products = await shelves()
    known = await Order.count()
    book = rows(ORDER_BOOK)
    orders = []
    for number in range(known, known + count):
        row = book[number % len(book)]
        order = await Order.create(number=number, quantity=int(row["quantity"]))
        await products[row["product"]].connect(order, edge=OrderedBy)
        orders.append(order)
    return orders


async def _put_on_shelf(root: Root, row: dict[str, str]) -> Product:
    product = await Product.create(
        name=row["name"],
        stock=int(row["target"]),
        threshold=int(row["threshold"]),
        target=int(row["target"]),
    )
    await root.connect(product, edge=Sells)
    return product
