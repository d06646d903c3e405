"""
Whoever writes what belongs to a biller, an account or a page holds its lock: two at once do not undo each other.

SQLite has one writer and would never show it; on PostgreSQL a lost update takes luck. So the code is looked at.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import partnerlab.simulators as simulators
from tests.module_graph import parsed

ROOT = Path(simulators.__file__).parent
LOCKING = ("biller_of", "partner", "checkout_of", "value", "download")
"""Functions of the services that lock what they give where they are told so."""
UNLOCKED = {
    ("ic_webservices/services/authentication.py", "issue"): "the user is locked, whose tokens a new password ends",
    ("ic_webservices/services/authentication.py", "open"): "one token is moved on, where it stands as it was",
    ("ic_webservices/services/cloud_payments.py", "remind"): "a reminder is added, and nothing changed",
    ("ic_webservices/services/exports.py", "changes"): "nothing is written but the moment up to which was asked",
    ("ic_webservices/services/pay_by_text.py", "ask"): "the user was asked for with the biller's lock",
}


def transactions() -> Iterator[tuple[str, str, ast.With]]:
    """Module, function and block of every transaction of the services that may write."""
    for path in sorted(ROOT.glob("*/services/*.py")):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef):
                for block in (one for one in ast.walk(node) if isinstance(one, ast.With)):
                    if any(ast.unparse(item.context_expr).endswith("store.write()") for item in block.items):
                        yield str(path.relative_to(ROOT)), node.name, block


def asked(block: ast.AST) -> dict[str, bool]:
    """The locking functions that are called there, and whether one of the calls locks."""
    found: dict[str, bool] = {}
    for call in (one for one in ast.walk(block) if isinstance(one, ast.Call)):
        name = ast.unparse(call.func).rpartition(".")[2]
        if name in LOCKING:
            locks = any(word.arg == "lock" and ast.unparse(word.value) == "True" for word in call.keywords)
            found[name] = found.get(name, False) or locks
    return found


def test_a_transaction_that_writes_locks_what_it_writes() -> None:
    unlocked = {
        (module, function) for module, function, block in transactions() for locks in asked(block).values() if not locks
    }
    assert unlocked == UNLOCKED.keys()


@pytest.mark.parametrize(
    ("module", "function", "name"),
    [
        ("ic_webservices/services/invoice_days.py", "lock_biller", "biller_of"),
        ("ic_webservices/services/pay_by_text.py", "_user", "biller_of"),
        ("ic_webservices/services/schedules.py", "_lock_biller", "biller_of"),
        ("inhance_soap/services/downloads.py", "_waiting", "download"),
    ],
)
def test_what_locks_for_others_does(module: str, function: str, name: str) -> None:
    tree = parsed(ROOT / module)
    (found,) = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == function]
    assert asked(found)[name]
