"""What logging in and out needs; made once by `create_app`, passed by FastAPI."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from config.settings import Web
from web.ports import Accounts, Audit
from web.rate import AuditedWaits, LoginRate


@dataclass(frozen=True)
class Logins:
    accounts: Accounts
    audit: Audit
    rules: Web
    now: Callable[[], datetime]
    login_rate: LoginRate = field(default_factory=LoginRate)  # per login and address
    address_rate: LoginRate = field(default_factory=lambda: LoginRate(limit=60))  # a whole ward may share one
    audited_waits: AuditedWaits = field(default_factory=AuditedWaits)


def _logins(request: Request) -> Logins:
    logins: Logins = request.app.state.logins
    return logins


LoginsDep = Annotated[Logins, Depends(_logins)]
