"""A small Asterisk for the tests of legs: callers are Local channels, so no phone is needed."""

from pathlib import Path

from config.settings import Settings
from telephony.asterisk_config import AMI_RIGHTS, modules_folder
from telephony.asterisk_text import environment
from telephony.instance import inside

MODULES = (
    "res_timing_timerfd res_speech res_agi res_audiosocket app_audiosocket app_playback app_milliwatt app_echo"
    " app_record app_senddtmf app_dial app_verbose bridge_simple bridge_native_rtp codec_ulaw codec_resample"
    " format_wav format_pcm format_sln"
    " res_manager_devicestate func_timeout func_channel func_callerid func_strings func_logic func_env pbx_config"
)

EXTENSIONS = """
[general]
static=yes
autofallthrough=yes

; the line's half of the call
[line]
exten => s,1,Set(AGIEXITONHANGUP=yes)
 same => n,Set(ON_NEXT=)
 same => n,Set(TIMEOUT(absolute)={lease})
 same => n,AGI(agi://127.0.0.1:{agi_port}/call)
 same => n,Set(TIMEOUT(absolute)=0)
 same => n,Goto(next-${{ON_NEXT}},1)
exten => _[n]e[x]t-.,1,Wait(600)
exten => next-,1,Wait(600)
exten => T,1,Set(TIMEOUT(absolute)=0)
 same => n,Wait(600)
exten => h,1,Set(AGIEXITONHANGUP=no)
 same => n,AGI(agi://127.0.0.1:{agi_port}/hangup)

; the caller's half
[caller]
exten => tone,1,Milliwatt(o)
exten => echo,1,Echo()
exten => quiet,1,Wait(600)
exten => brief,1,Wait(1)
 same => n,Hangup()
exten => keys,1,Wait(1)
 same => n,SendDTMF(15*#,100,60)
 same => n,Wait(600)
exten => record,1,Record({home}/spool/heard.wav,0,6,k)
 same => n,Hangup()
"""

ASTERISK = """
[directories]
astetcdir => {home}/etc
astmoddir => {modules}
astvarlibdir => {home}/lib
astdbdir => {home}/lib
astkeydir => {home}/lib
astdatadir => /usr/share/asterisk
astagidir => {home}/lib
astspooldir => {home}/spool
astrundir => {home}/run
astlogdir => {home}/log
astcachedir => {home}/cache
astsbindir => /usr/sbin
[options]
nocolor = yes
{names}
"""


def manager(ami_port: int) -> str:
    """The line's own, with the rights it has there."""
    words = {
        "settings": {"asterisk": {"ami_port": ami_port}},
        "ami": {"user": "tester", "secret": "a-secret"},
        "ami_rights": AMI_RIGHTS,
    }
    return environment().get_template("manager.conf.j2").render(words)


def write_config(folder: Path, *, agi_port: int, ami_port: int, lease: int, node: str = "") -> None:
    home = inside(folder)
    texts = {
        "asterisk.conf": ASTERISK.format(
            home=home, modules=modules_folder(Settings().asterisk.root), names=f"systemname = {node}" if node else ""
        ),
        "extensions.conf": EXTENSIONS.format(home=home, agi_port=agi_port, lease=lease),
        "manager.conf": manager(ami_port),
        "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load={name}.so\n" for name in MODULES.split()),
        "logger.conf": "[general]\n[logfiles]\nconsole => error,warning,notice\n",
        "indications.conf": "[general]\ncountry=us\n[us]\ndescription=us\nringcadence=2000,4000\ndial=350+440\n",
        **{name: "[general]\n" for name in ("cdr.conf", "cel.conf", "stasis.conf", "features.conf", "ccss.conf")},
    }
    (folder / "etc").mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / "etc" / name).write_text(text)
