"""
The contract of TCCS: seven calls as form POST (openapi.yaml), and the grammar of what they say (content_info.toml).

    parse_content_info(format_of("/api/Pay_Input", text), text)
"""

from partnerlab.contracts.tccs_rest.content_info import (
    CONTENT_INFO,
    SEPARATORS,
    ContentInfo,
    ContentInfoInvalid,
    content_info_pattern,
    format_of,
    parse_content_info,
)

__all__ = [
    "CONTENT_INFO",
    "SEPARATORS",
    "ContentInfo",
    "ContentInfoInvalid",
    "content_info_pattern",
    "format_of",
    "parse_content_info",
]
