"""
The modules that are made from the simulators' declarations: `python -m partnerlab.generated` writes them.

A test compares what stands there with what this makes, so neither side of a declaration can be changed alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["render"]

ROOT = Path(__file__).resolve().parent.parent


def render() -> Mapping[Path, str]:
    """The text of each module, by its path."""
    from partnerlab.simulators.ic_webservices.wire.declarations import (
        cloud_invoicing,
        cloud_management,
        remote_authentication,
    )
    from partnerlab.simulators.inhance_soap.wire.declarations import icloud
    from partnerlab.simulators.kit.asmx import generate

    inhance, ic = (ROOT / "simulators" / name / "wire" / "messages" for name in ("inhance_soap", "ic_webservices"))
    return {
        inhance / "icloud.py": generate.render(icloud.ICloud, icloud.NAMESPACE),
        ic / "cloud_invoicing.py": generate.render(cloud_invoicing.CloudInvoicing, cloud_invoicing.NAMESPACE),
        ic / "cloud_management.py": generate.render(cloud_management.CloudManagement, cloud_management.NAMESPACE),
        ic / "remote_authentication.py": generate.render(
            remote_authentication.RemoteAuthenticationWS, remote_authentication.NAMESPACE
        ),
    }


if __name__ == "__main__":
    for path, text in render().items():
        path.write_text(text, "utf-8")
