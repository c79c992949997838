"""No order of edit, operator and CronJob controller loses or adds a due instant.

`python -m tests.support.operator.edit_model` tries all orders. Here is every 97th of them.
"""

from itertools import islice

from tests.support.operator.edit_model import EDITS, orders, violation


def test_an_instant_is_due_by_the_definition_that_was_in_force_when_it_came() -> None:
    sample = list(islice(orders(), 0, None, 97))
    assert {order.edit.name for order in sample} == {edit.name for edit in EDITS}
    violations = {order: violation(order) for order in sample}
    assert {order: found for order, found in violations.items() if found} == {}
