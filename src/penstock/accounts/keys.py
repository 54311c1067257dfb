"""API keys, bootstrap key, one-time sign-in codes and browser sessions.

A secret is `pk_<id>_<160 random bits>` (`ps_…` for a session) and is kept only as its SHA-256: with that much entropy a
slow hash would protect nothing and cost every request. Each credential carries one tenant; nothing else in a request
says which tenant it is for.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple, get_args

from penstock.accounts.keyfile import CodeRecord, KeyFile, KeyRecord, Records, Signature
from penstock.model.errors import InvalidInput, Misconfigured, NotAllowed, NotFound
from penstock.model.series import check_tenant
from penstock.model.time import HOUR, MAX_TIME, MINUTE, Clock, WallClock

__all__ = [
    "ALL_SCOPES",
    "BOOTSTRAP",
    "MIN_BOOTSTRAP",
    "SESSION_TTL",
    "Identity",
    "KeyInfo",
    "KeyRing",
    "Scope",
    "id_of",
]

Scope = Literal["read", "write", "admin"]
"""What a credential may do: ask, send, or also operate. `admin` includes the other two."""

ALL_SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
BOOTSTRAP: Final = "bootstrap"
"""Id of every key that is accepted without being in the file."""
MIN_BOOTSTRAP: Final = 16
SESSION_TTL: Final = 12 * HOUR
MAX_SESSIONS: Final = 1_000

_SECRET: Final = re.compile(r"p[ks]_([0-9a-f]{12})_[0-9a-f]{40}")
_NOBODY: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is asking: the only source of a request's tenant."""

    tenant: str
    key_id: str
    scopes: frozenset[str]

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes or "admin" in self.scopes


class KeyInfo(NamedTuple):
    """A key, or a session, without its secret. Times are epoch ms; `last_used` is accurate to some minutes.

    `opened_by` is the id of the key that opened a session; empty for a one-time link's, None for a key.
    """

    id: str
    tenant: str
    name: str
    scopes: tuple[str, ...]
    created: int
    expires: int | None
    last_used: int | None
    opened_by: str | None = None


class _Snapshot(NamedTuple):
    """The document as last read, replaced as a whole so that threads never see half a change."""

    signature: Signature | None
    records: Records
    identities: dict[str, Identity]


class KeyRing:
    """The credentials kept in the file at `path`. Thread-safe; several processes may share the file.

    Changes made by another process count from the next request on. `flush` writes what is known about use; the owner of
    the ring calls it now and then and at the end, never per request.
    """

    def __init__(self, path: Path | str, clock: Clock | None = None) -> None:
        self._file = KeyFile(Path(path))
        self._clock = clock or WallClock()
        self._lock = threading.Lock()
        self._snapshot = _Snapshot(None, Records(), {})
        self._bootstrap: dict[str, Identity] = {}
        self._used: dict[str, int] = {}

    # -- keys

    def create(
        self, tenant: str, name: str, scopes: Iterable[str] = ("read", "write"), expires: int | None = None
    ) -> str:
        """A new key's secret, shown this once. `expires` is epoch ms. Raises InvalidInput, Misconfigured."""
        if not 0 < len(name) <= 128:
            raise InvalidInput("a key's name has 1 to 128 characters", code="invalid_name")
        if expires is not None and expires > MAX_TIME:
            raise InvalidInput("a key expires before the year 2100, or never", code="invalid_expiry")
        key_id, secret = _new_secret("pk")
        record = KeyRecord(
            id=key_id,
            digest=_digest(secret),
            tenant=check_tenant(tenant),
            scopes=_check_scopes(scopes),
            name=name,
            created=self._clock.now(),
            expires=expires,
        )
        with self._file.change() as records:
            records.keys[key_id] = record
        return secret

    def revoke(self, key_id: str, tenant: str | None = None) -> None:
        """The key (of `tenant`) and the sessions that it opened stop working with the next request. Raises NotFound."""
        with self._file.change() as records:
            record = records.keys.get(key_id)
            if record is None or record.session or tenant not in {None, record.tenant}:
                raise NotFound(
                    f"there is no key {key_id!r:.60}", code="key_unknown", hint="list the keys to see their ids"
                )
            for opened in [k.id for k in records.keys.values() if k.opened_by == key_id]:
                del records.keys[opened]
            del records.keys[key_id]

    def list(self, tenant: str | None = None) -> list[KeyInfo]:
        """API keys (of one tenant) by creation; sessions are not keys."""
        found = [k for k in self._current().records.keys.values() if not k.session and tenant in {None, k.tenant}]
        return [self._info(k) for k in sorted(found, key=lambda k: (k.created, k.id))]

    def find(self, key_id: str) -> KeyInfo | None:
        """The key or session of that id; None for the bootstrap key, and where there is none."""
        record = self._current().records.keys.get(key_id)
        return None if record is None else self._info(record)

    def _info(self, k: KeyRecord) -> KeyInfo:
        used, opened_by = self._used.get(k.id, k.last_used), k.opened_by if k.session else None
        return KeyInfo(k.id, k.tenant, k.name, k.scopes, k.created, k.expires, used, opened_by)

    def bootstrap(self, secret: str, tenant: str = "default") -> None:
        """Accept `secret` as an admin key of `tenant` while this process runs; it is never written to the file."""
        if len(secret) < MIN_BOOTSTRAP:
            raise Misconfigured(
                f"the bootstrap key has {len(secret)} characters, at least {MIN_BOOTSTRAP} are needed",
                hint="set PENSTOCK_BOOTSTRAP_KEY to a long random text, such as the output of `openssl rand -hex 24`",
            )
        self._bootstrap[_digest(secret)] = Identity(check_tenant(tenant), BOOTSTRAP, frozenset(ALL_SCOPES))

    # -- sign-in in a browser

    def one_time_code(self, tenant: str, ttl: int = 15 * MINUTE, scopes: Iterable[str] = ALL_SCOPES) -> str:
        """A code that opens one browser session of `tenant` within `ttl` ms."""
        code = secrets.token_hex(20)
        record = CodeRecord(
            digest=_digest(code),
            tenant=check_tenant(tenant),
            scopes=_check_scopes(scopes),
            expires=self._clock.now() + ttl,
        )
        with self._file.change() as records:
            _forget_expired(records, self._clock.now())
            records.codes.append(record)
        return code

    def redeem(self, code: str) -> str:
        """The secret of a new session (SESSION_TTL) for a code that was never redeemed. Raises NotAllowed."""
        now, digest = self._clock.now(), _digest(code)
        with self._file.change() as records:
            _forget_expired(records, now)
            record = next((c for c in records.codes if hmac.compare_digest(c.digest, digest)), None)
            if record is None:
                raise NotAllowed(
                    "this sign-in link was used already, has expired, or was never given out",
                    authenticated=False,
                    hint="ask for a new link with `penstock keys link`",
                )
            records.codes.remove(record)
            return _add_session(records, record.tenant, record.scopes, now, now + SESSION_TTL)

    def open_session(self, key: str) -> str:
        """The secret of a new session (SESSION_TTL at most) that may do what an API key may. Raises as `authenticate`.

        It ends when the key is revoked or expires; the bootstrap key, which nobody can revoke, leaves it its time.
        """
        identity, now = self.authenticate(key), self._clock.now()
        with self._file.change() as records:
            _forget_expired(records, now)
            record, until = records.keys.get(identity.key_id), now + SESSION_TTL
            if identity.key_id != BOOTSTRAP:
                if record is None or record.session:
                    raise NotAllowed(
                        "a session is opened with an API key, and this is none (any more)",
                        authenticated=False,
                        hint="create a key with `penstock keys create`",
                    )
                until = min(until, record.expires or until)
            return _add_session(records, identity.tenant, tuple(sorted(identity.scopes)), now, until, identity.key_id)

    def close_session(self, secret: str) -> None:
        """Forget a session; what is none, or is forgotten already, is passed over."""
        shape = _SECRET.fullmatch(secret)
        known = self._current().records.keys.get(shape[1]) if shape else None
        if known is None or not known.session or not hmac.compare_digest(known.digest, _digest(secret)):
            return
        with self._file.change() as records:
            records.keys.pop(known.id, None)

    # -- every request

    def authenticate(self, secret: str) -> Identity:
        """Who holds `secret`. Raises NotAllowed (unknown, revoked or expired), Misconfigured (the file is damaged)."""
        snapshot, digest = self._current(), _digest(secret)
        shape = _SECRET.fullmatch(secret)
        record = snapshot.records.keys.get(shape[1]) if shape else None
        # Compared even when there is no such id, so that the time taken does not tell which ids exist.
        if hmac.compare_digest(record.digest if record else _NOBODY, digest) and record is not None:
            now = self._clock.now()
            if record.expires is not None and record.expires <= now:
                what = "this session has" if record.session else f"the key {record.id} has"
                raise NotAllowed(f"{what} expired", authenticated=False, hint="sign in again, or create a new key")
            self._used[record.id] = now
            return snapshot.identities[record.id]
        for known, identity in self._bootstrap.items():
            if hmac.compare_digest(known, digest):
                return identity
        raise NotAllowed(
            "the credential is not known here: mistyped, revoked, or of another installation",
            authenticated=False,
            hint="create a key with `penstock keys create` and send it as `Authorization: Bearer <key>`",
        )

    def holds(self, identity: Identity) -> bool:
        """Whether a credential that was accepted earlier still would be. Raises Misconfigured (the file is damaged)."""
        if identity in self._bootstrap.values():
            return True
        snapshot = self._current()
        record = snapshot.records.keys.get(identity.key_id)
        if record is None or (record.expires is not None and record.expires <= self._clock.now()):
            return False
        return snapshot.identities[record.id] == identity

    def flush(self) -> None:
        """Write when keys were last used, and forget expired sessions and codes. Raises Misconfigured."""
        with self._lock:
            used, self._used = self._used, {}
        if not used:
            return
        with self._file.change() as records:
            for key_id, when in used.items():
                if record := records.keys.get(key_id):
                    record.last_used = max(record.last_used or 0, when)
            _forget_expired(records, self._clock.now())

    def _current(self) -> _Snapshot:
        """The document as it is on disk now; read again only when the file has changed."""
        signature = self._file.signature()
        if signature != self._snapshot.signature:
            # The signature is older than what is read or as old, so a change in between is read with the next call.
            records = self._file.read()
            identities = {k.id: Identity(k.tenant, k.id, frozenset(k.scopes)) for k in records.keys.values()}
            self._snapshot = _Snapshot(signature, records, identities)
        return self._snapshot


def id_of(secret: str) -> str:
    """The id of a key or session by its secret. Raises InvalidInput for what has not their form."""
    shape = _SECRET.fullmatch(secret)
    if shape is None:
        raise InvalidInput("this is not the secret of a key", code="invalid_key")
    return shape[1]


def _add_session(
    records: Records, tenant: str, scopes: tuple[str, ...], now: int, until: int, opened_by: str = ""
) -> str:
    session_id, secret = _new_secret("ps")
    records.keys[session_id] = KeyRecord(
        id=session_id,
        digest=_digest(secret),
        tenant=tenant,
        scopes=scopes,
        name="browser session",
        created=now,
        expires=until,
        session=True,
        opened_by=opened_by,
    )
    return secret


def _new_secret(prefix: str) -> tuple[str, str]:
    key_id = secrets.token_hex(6)
    return key_id, f"{prefix}_{key_id}_{secrets.token_hex(20)}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(scopes))
    if not wanted or not set(wanted) <= set(ALL_SCOPES):
        raise InvalidInput(f"scopes {wanted} are not a choice of {', '.join(ALL_SCOPES)}", code="invalid_scope")
    return wanted


def _forget_expired(records: Records, now: int) -> None:
    """Expired sessions and codes go, and the oldest sessions over the bound; expired API keys stay listed."""
    records.codes = [c for c in records.codes if c.expires > now]
    sessions = sorted((k for k in records.keys.values() if k.session), key=lambda k: k.created, reverse=True)
    for rank, session in enumerate(sessions):
        if rank >= MAX_SESSIONS or (session.expires or 0) <= now:
            del records.keys[session.id]
