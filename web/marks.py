"""Session tokens and what is derived from them; only hashes leave this process's memory."""

import hashlib
import hmac
import secrets


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored: useless to whoever reads the database."""
    return hashlib.sha256(token.encode()).hexdigest()


def form_mark(token: str) -> str:
    """The proof that a form was ours: derived from a cookie that scripts and other sites cannot read."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def form_mark_fits(token: str, mark: str) -> bool:
    return hmac.compare_digest(form_mark(token).encode(), mark.encode())  # as text it takes ASCII only
