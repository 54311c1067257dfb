"""Exports: answers of any size as files, streamed or made in the background, in bounded memory."""

from penstock.api.exports.door import ExportDoors
from penstock.api.exports.jobs import Jobs

__all__ = ["ExportDoors", "Jobs"]
