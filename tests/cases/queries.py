"""`python queries.py` on each backend: every line says InvalidQuery or the right count.

No row is lost.
"""

import asyncio
from typing import Any

from jvscheduler.history import InvalidQuery, Object, connect


class Row(Object):
    n: int = 0
    name: str = ""


WIDENING: tuple[dict[str, Any], ...] = (
    {"name": {"$options": "i"}},
    {"name": {"$not": {"$options": "i"}}},
    {"$nor": [{"name": {"$options": "i"}}]},
)
LARGE: tuple[dict[str, Any], ...] = (
    {"n": {"$in": list(range(600))}},
    {"$or": [{"n": i} for i in range(600)]},
    {"n": {"$in": list(range(50_000))}},
)


async def main() -> None:
    async with connect():
        for n in range(3):
            await Row.create(n=n, name=f"n{n}")
        for query in WIDENING:
            for call in (Row.count, Row.find, Row.delete_many):
                try:
                    print(call.__name__, query, await call(query))
                except InvalidQuery as error:
                    print(call.__name__, query, type(error).__name__)
        for query in LARGE:
            print("large:", await Row.count(query), "(3 expected)")
        print("left:", await Row.count(), "(3 expected)")


asyncio.run(main())
