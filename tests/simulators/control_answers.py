"""What the control API answers, held to a simulator's own contract."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from partnerlab.contracts.data import read_yaml

__all__ = ["Answers"]


class Answers:
    """The answers of a contract, a path below `contracts/`."""

    def __init__(self, contract: str) -> None:
        self.contract: dict[str, Any] = read_yaml(contract)

    def conforms(self, schema: str, value: Any) -> None:
        """Hold a value to one of the contract's schemas."""
        document = {"$ref": f"#/components/schemas/{schema}", "components": self.contract["components"]}
        Draft202012Validator(document).validate(value)

    def refused(self, answer: tuple[int, Any], status: int, code: str, field: str = "") -> str:
        """The words of a refusal, which is this one."""
        assert answer[0] == status, answer
        self.conforms("Error", answer[1])
        error = answer[1]["error"]
        assert (error["code"], error.get("field", "")) == (code, field)
        return str(error["message"])
