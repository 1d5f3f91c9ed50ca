"""Where an installation keeps its files: every name under its `data_dir` stands here."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DataPaths:
    """Files and folders of one installation; none of them need be there yet."""

    home: Path  # data_dir

    # what callers said, and who they were

    @property
    def database(self) -> Path:
        """The SQLite database, where the settings name no other one."""
        return self.home / "onenumber.db"

    @property
    def recordings(self) -> Path:
        """Messages and recorded answers, as WAV."""
        return self.home / "recordings"

    @property
    def spooled(self) -> Path:
        """What the dialplan leaves of the calls that it took alone."""
        return self.asterisk / "spool/messages"

    @property
    def test_calls(self) -> Path:
        return self.home / "test-calls"

    # what this machine made

    @property
    def asterisk(self) -> Path:
        """The folder of this installation's Asterisk: its configuration, sounds, spool and logs."""
        return self.home / "asterisk-instance"

    @property
    def asterisk_made_of(self) -> Path:
        """A mark of what Asterisk's configuration was made of."""
        return self.asterisk / "made-of"

    @property
    def voice_cache(self) -> Path:
        return self.home / "voice-cache"

    @property
    def understanding(self) -> Path:
        """Classifiers, learned once from each edition's examples."""
        return self.home / "understanding"

    @property
    def edition_in_force(self) -> Path:
        """A copy of the documents in force, for a start without a database."""
        return self.home / "edition-in-force.json"

    @property
    def demo_phones_sound(self) -> Path:
        """What the demo's phones say, as WAV."""
        return self.home / "demo-phones.wav"

    @property
    def certificate(self) -> Path:
        """The desk's own, as PEM, where the operator has given none."""
        return self.home / "desk-certificate.pem"

    @property
    def certificate_key(self) -> Path:
        return self.home / "desk-certificate.key"

    # what runs here

    @property
    def secrets(self) -> Path:
        return self.home / "secrets.env"

    @property
    def logs(self) -> Path:
        return self.home / "log"

    @property
    def redis(self) -> Path:
        return self.home / "redis"

    @property
    def run_lock(self) -> Path:
        """Locked while a supervisor lives."""
        return self.home / "run.lock"

    @property
    def run_state(self) -> Path:
        """What the supervisor tells of its parts, as JSON."""
        return self.home / "run.json"

    @property
    def demo_phones(self) -> Path:
        """Holds the process id of the demo's phones once each is registered, or could not be."""
        return self.home / "demo-phones.pid"

    @property
    def clock(self) -> Path:
        """How far the line's clock is from the machine's, shared by all processes."""
        return self.home / "clock.json"

    @property
    def reserve(self) -> Path:
        """Room that is given up when the disk is full."""
        return self.home / "reserve"

    @property
    def audit_verified(self) -> Path:
        """How far the audit's chain was last seen whole."""
        return self.home / "audit.verified"
