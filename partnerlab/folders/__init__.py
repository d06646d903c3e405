"""
Folders in which partners leave files for Invoice Cloud and find its exports: on a disk, and by SFTP in front of it.

    DIR/<biller>/inbox      files to be taken
    DIR/<biller>/outbox     exported batches, each file whole or not there
    DIR/<biller>/done       files that were taken, with a report beside each
    DIR/<biller>/rejected   files that were not

Off unless asked for, and of the lane `default`. All work is done on threads of its own, never in the event loop.
"""

from partnerlab.folders.exchange import Exchange, open_exchange
from partnerlab.folders.machine import Folders
from partnerlab.folders.port import FolderPort, Received
from partnerlab.settings import FoldersUnusable

__all__ = ["Exchange", "FolderPort", "Folders", "FoldersUnusable", "Received", "open_exchange"]
