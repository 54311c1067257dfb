"""The web app: its files, signing in to it, and the keys that it manages. Front doors: AppDoor, KeyDoors, SessionDoors."""

from penstock.api.web.door import AppDoor
from penstock.api.web.keys import KeyDoors
from penstock.api.web.session import SessionDoors

__all__ = ["AppDoor", "KeyDoors", "SessionDoors"]
