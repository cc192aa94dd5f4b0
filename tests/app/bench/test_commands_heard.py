"""Subtasks that are spoken to a bench reach the policy as the app's own recogniser understands them."""

from __future__ import annotations

from app.bench.commands_heard import heard_orders
from app.kitchen_trials.bench import told_orders
from app.kitchen_trials.told import JUDGED


def test_nearly_every_subtask_is_understood_and_the_same_seeds_sound_the_same() -> None:
    orders = heard_orders(JUDGED, range(2))
    assert [(order.subtask, order.seed) for order in orders] == [
        (order.subtask, order.seed) for order in told_orders(JUDGED, range(2))
    ]
    assert sum(order.heard == order.subtask for order in orders) >= len(orders) - 1
    assert heard_orders(JUDGED[:2], range(1)) == orders[:2]
