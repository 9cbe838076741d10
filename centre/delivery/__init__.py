"""What units send: entries of their chains, photos, status."""

from centre.delivery.blobs import BlobState, WrongOffset, blob_state, put_part, read_blob
from centre.delivery.chain import check as check_signatures
from centre.delivery.entries import MOST_ENTRIES, Head, NotConfirmed, accept_entries, head_of
from centre.delivery.erasing import tidy_up
from centre.delivery.known import Memory
from centre.delivery.orders import list_orders
from centre.delivery.projection import PORTRAIT, Rows, Unreadable, counting, rows_of
from centre.delivery.status import take_status
from centre.delivery.writing import purge_case

__all__ = [
    "MOST_ENTRIES",
    "PORTRAIT",
    "BlobState",
    "Head",
    "Memory",
    "NotConfirmed",
    "Rows",
    "Unreadable",
    "WrongOffset",
    "accept_entries",
    "blob_state",
    "check_signatures",
    "counting",
    "head_of",
    "list_orders",
    "purge_case",
    "put_part",
    "read_blob",
    "rows_of",
    "take_status",
    "tidy_up",
]
