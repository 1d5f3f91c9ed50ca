"""A SIP phone without a person: the process that holds pjsua2; `telephony.softphone` is the other end.

pjsua2 runs without threads of its own for signalling, so every callback happens in `libHandleEvents`,
between two commands; only the end of what is played is told in the thread of the library that saw it.
"""

import contextlib
import faulthandler
import os
import time
from collections.abc import Callable
from typing import Any

import pjsua2 as pj

from telephony.softphone_audio import CLOCK_HZ, Ear, Voice, player, tone
from telephony.softphone_wire import Command, arrived, take_stdout, tell

TICK_MS = 10
LAST_REQUESTS_S = 0.5
UNREGISTER_S = 3.0  # a phone that is destroyed sooner stays registered until its minute is over


class SipCall(pj.Call):  # type: ignore[misc]
    """The phone's one call."""

    def __init__(self, phone: "Phone", account: Any, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self.phone = phone

    def onCallState(self, prm: Any) -> None:
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_EARLY:
            tell("ringing", code=info.lastStatusCode, sip_id=info.callIdString)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            tell("answered", sip_id=info.callIdString)
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            self.phone.ended(self, info)

    def onCallMediaState(self, prm: Any) -> None:
        info = self.getInfo()  # kept while .media is read: it is freed with its info
        for media in info.media:
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self.phone.voice.attach(self.getAudioMedia(media.index))
                tell("media")

    def onDtmfDigit(self, prm: Any) -> None:
        tell("key", key=prm.digit)


class SipAccount(pj.Account):  # type: ignore[misc]
    def __init__(self, phone: "Phone") -> None:
        super().__init__()
        self.phone = phone

    def onRegState(self, prm: Any) -> None:
        self.phone.registered = prm.code == 200 and prm.expiration > 0
        tell("registered" if self.phone.registered else "unregistered", code=prm.code)

    def onIncomingCall(self, prm: Any) -> None:
        self.phone.rings(SipCall(self.phone, self, prm.callId), prm.rdata.wholeMsg)


class Phone:
    """One account, one call at a time, commands by name."""

    def __init__(self) -> None:
        self.endpoint = _endpoint()
        self.account: Any = None
        self.registered = False
        self.call: SipCall | None = None
        self.voice = Voice(self.endpoint.audDevManager().getPlaybackDevMedia())
        self.ear = Ear()
        self.answer_after_ms: int | None = None
        self.answer_at: float | None = None
        self.running = True
        self._gone: list[SipCall] = []

    def do(self, command: Command) -> None:
        act: Callable[..., None] = getattr(self, "do_" + str(command.pop("do")))
        act(**command)

    def do_account(self, user: str, name: str, domain: str, password: str = "", register: bool = False) -> None:
        config = pj.AccountConfig()
        config.idUri = f"{_quoted(name)} <sip:{user}@{domain}>" if name else f"sip:{user}@{domain}"
        if password:
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
        config.regConfig.registrarUri = f"sip:{domain}" if register else ""
        config.regConfig.timeoutSec = 60
        config.regConfig.retryIntervalSec = 2
        config.regConfig.firstRetryIntervalSec = 1
        config.mediaConfig.transportConfig.port = 0  # any free one
        self.account = SipAccount(self)
        self.account.create(config)

    def do_call(self, uri: str, headers: dict[str, str]) -> None:
        options = pj.CallOpParam(True)
        options.opt.audioCount, options.opt.videoCount = 1, 0
        for name, value in headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            options.txOption.headers.append(header)
        self.call = SipCall(self, self.account)
        self.call.makeCall(uri, options)

    def do_answer_after(self, ms: int | None) -> None:
        """Also for what rings already: an INVITE may overtake the command."""
        self.answer_after_ms = ms
        if self.call is not None and _rings(self.call.getInfo()):
            self._answer_in_time()

    def do_answer(self, code: int = 200) -> None:
        if self.call is not None:
            answer = pj.CallOpParam()
            answer.statusCode = code
            self.call.answer(answer)

    def do_hangup(self) -> None:
        if self.call is not None and self.call.isActive():
            self.call.hangup(pj.CallOpParam())

    def do_keys(self, keys: str) -> None:
        if self.call is not None:
            self.call.dialDtmf(keys)

    def do_play(self, wav: str) -> None:
        self.voice.say(player(wav))

    def do_tone(self, hz: int) -> None:
        self.voice.say(tone(hz))

    def do_silence(self) -> None:
        self.voice.silence()

    def do_record(self, wav: str) -> None:
        self.voice.record(wav)

    def do_quit(self) -> None:
        self.running = False

    def rings(self, call: SipCall, invite: str) -> None:
        """An INVITE came; a busy phone says so."""
        if self.call is not None:
            busy = pj.CallOpParam()
            busy.statusCode = 486
            self._gone.append(call)
            call.answer(busy)
            return
        info = call.getInfo()
        tell("invite", sip_id=info.callIdString, remote=info.remoteUri, headers=_headers(invite))
        self.call = call
        self.do_answer(180)
        self._answer_in_time()

    def _answer_in_time(self) -> None:
        later_ms = self.answer_after_ms
        self.answer_at = None if later_ms is None else time.monotonic() + later_ms / 1000

    def ended(self, call: SipCall, info: Any) -> None:
        self._gone.append(call)  # freed later, not inside its own callback
        if call is not self.call:
            return
        self.call, self.answer_at = None, None
        self.voice.finish()
        self.voice.detach()
        tell("ended", code=info.lastStatusCode, reason=info.lastReason, sip_id=info.callIdString)

    def tick(self) -> None:
        self.endpoint.libHandleEvents(TICK_MS)
        self._gone.clear()
        self.voice.tick()
        self.ear.listen(self.voice.level())
        if self.answer_at is not None and time.monotonic() >= self.answer_at:
            self.answer_at = None
            self.do_answer()

    def close(self) -> None:
        """Hang up, unregister, and let the last requests leave; a registrar that is silent is waited for briefly."""
        self.do_hangup()
        if self.account is not None:
            with contextlib.suppress(pj.Error):
                self.account.setRegistration(False)
        began = time.monotonic()
        while (waited_s := time.monotonic() - began) < LAST_REQUESTS_S or (self.registered and waited_s < UNREGISTER_S):
            self.endpoint.libHandleEvents(TICK_MS)
        self.voice.finish()
        self.call = None
        self._gone.clear()  # calls and accounts must go before their library
        self.account = None
        self.endpoint.libDestroy(pj.PJSUA_DESTROY_NO_RX_MSG)  # what had to be said has been said


def _endpoint() -> Any:
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.userAgent = "OneNumber test phone"
    config.medConfig.clockRate = config.medConfig.sndClockRate = CLOCK_HZ
    config.medConfig.sndAutoCloseTime = -1  # else the null device stops after a second without a call
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    endpoint.libInit(config)
    for kind in (pj.PJSIP_TRANSPORT_UDP, pj.PJSIP_TRANSPORT_TCP):
        endpoint.transportCreate(kind, pj.TransportConfig())
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    _telephone_codecs_only(endpoint)
    return endpoint


def _telephone_codecs_only(endpoint: Any) -> None:
    """G.711 alone, as on a desk phone; a long list of codecs makes an INVITE that no longer fits one UDP packet."""
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 200 if codec.codecId.startswith(("PCMU", "PCMA")) else 0)


def _rings(info: Any) -> bool:
    """Whether somebody calls this phone and has not been answered."""
    return info.role == pj.PJSIP_ROLE_UAS and info.state in (pj.PJSIP_INV_STATE_INCOMING, pj.PJSIP_INV_STATE_EARLY)


def _quoted(name: str) -> str:
    """A SIP quoted-string (RFC 3261 25.1)."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _headers(message: str) -> dict[str, str]:
    """Headers of a SIP message by name; the last one of a name wins."""
    lines = message.split("\r\n\r\n", 1)[0].split("\r\n")[1:]
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def attempt(act: Callable[..., None], *arguments: Any) -> None:
    """Do it; what pjsua2 refuses is told, and the phone lives on."""
    try:
        act(*arguments)
    except (pj.Error, AttributeError, TypeError) as error:
        tell("error", text=str(getattr(error, "reason", "") or error))


def main() -> None:
    """Serve commands until `quit` or the end of input."""
    faulthandler.enable()
    take_stdout()
    phone = Phone()
    tell("ready")
    buffer = bytearray()
    while phone.running:
        for command in arrived(buffer):
            attempt(phone.do, command)
        attempt(phone.tick)
    phone.close()
    os._exit(0)  # what Python would free now needs the library


if __name__ == "__main__":
    main()
