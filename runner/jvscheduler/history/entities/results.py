"""What an update or a delete did, under the names that MongoDB's drivers use."""

from dataclasses import dataclass


@dataclass(frozen=True)
class UpdateResult:
    """`modified_count` leaves out those that were so already."""

    matched_count: int
    modified_count: int


@dataclass(frozen=True)
class DeleteResult:
    deleted_count: int
