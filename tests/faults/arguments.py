"""The arguments that every command that does faults has."""

import argparse
from enum import StrEnum


def a_parser(
    program: str, description: str | None, faults: type[StrEnum]
) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("--seed", type=int, default=0, help="another one, other faults")
    parser.add_argument(
        "--fault",
        nargs="+",
        type=faults,
        default=list(faults),
        metavar="NAME",
        help=f"only these, of {', '.join(faults)}",
    )
    return parser
