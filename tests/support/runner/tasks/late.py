"""Tasks of a module that does not import jvspatial. One task imports it while it runs."""

import sys


def tells_whether_jvspatial_is_there() -> bool:
    return "jvspatial" in sys.modules


async def counts_with_jvspatial() -> int:
    from jvspatial.core import Object  # noqa: PLC0415 - that is the point

    await Object.create()
    return len(await Object.find({}))
