"""
Files for a partner: payments, changes and rejects as WaterSmart reads them, written and read back, and how a file comes
into a folder whole.

Pure but for `place_file`: what stands in a batch, and that nothing stands in two, is for who keeps the books.
"""

from partnerlab.client.exports.files import FileStands, export_name, place_file
from partnerlab.client.exports.models import ExportedChange, ExportedPayment, ExportedReject
from partnerlab.client.exports.read import FileRefused, FilesRefused, read_changes, read_payments, read_rejects
from partnerlab.client.exports.write import part_of, write_changes, write_payments, write_rejects

__all__ = [
    "ExportedChange",
    "ExportedPayment",
    "ExportedReject",
    "FileRefused",
    "FileStands",
    "FilesRefused",
    "export_name",
    "part_of",
    "place_file",
    "read_changes",
    "read_payments",
    "read_rejects",
    "write_changes",
    "write_payments",
    "write_rejects",
]
