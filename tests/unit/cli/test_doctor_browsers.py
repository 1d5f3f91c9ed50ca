"""What `doctor` says of the desk by https and of the phones in browsers."""

from pathlib import Path

from config.settings import Asterisk, Settings, Web
from doctor.checks_browsers import browser_phones, https
from runtime import certificate
from tests.conftest import free_port


def test_a_certificate_is_told_with_what_browsers_show_of_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert https(settings).state == "broken"
    certificate.made(settings)
    finding = https(settings)
    assert finding.state == "ok"
    assert certificate.fingerprint(settings.paths.certificate) in finding.says
    assert "the line's own certificate" in finding.says
    theirs = Web(tls_certificate=settings.paths.certificate, tls_key=settings.paths.certificate_key)
    assert "your certificate" in https(Settings(web=theirs)).says


def test_what_is_switched_off_is_not_missing(tmp_path: Path) -> None:
    assert https(Settings(data_dir=tmp_path, web=Web(tls_port=0))).state == "absent"
    assert browser_phones(Settings(asterisk=Asterisk(ws_port=0))).state == "absent"


def test_an_asterisk_that_takes_no_browsers_is_broken() -> None:
    assert browser_phones(Settings(asterisk=Asterisk(ws_port=free_port()))).state == "broken"
