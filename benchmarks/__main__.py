"""`python -m benchmarks [NAME…]` runs the benchmarks with these names, or all of them."""

import importlib
import sys
from pathlib import Path

_NOT_BENCHMARKS = {"__main__", "report"}


def main(names: list[str]) -> None:
    known = sorted(p.stem for p in Path(__file__).parent.glob("*.py"))
    for name in names or [k for k in known if k not in _NOT_BENCHMARKS]:
        for ratio in importlib.import_module(f"benchmarks.{name}").measure():
            print(ratio, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
