"""Drives Thonny's back end without its window: runs code, writes a file, lists it. Arguments: the port, and for an ESP chip its name."""
import os
import queue
import subprocess
import sys
import threading
import time

import thonny
from thonny.common import ImmediateCommand, InlineCommand, ToplevelCommand, parse_message, serialize_message

port = sys.argv[1]
plugin, proxy = ("esp/esp_back.py", sys.argv[2] + "Proxy") if len(sys.argv) > 2 else ("rp2040/rp2040_back.py", "RP2040Proxy")
# What the back end and its imports need of the thonny folder.
back = os.path.join(os.path.dirname(thonny.__file__), "plugins", *plugin.split("/"))
args = {
    "port": port, "clean": True, "interrupt_on_connect": True, "sync_time": True, "validate_time": False, "local_rtc": False,
    "submit_mode": None, "write_block_size": None, "write_block_delay": None, "read_block_size": None, "proxy_class": proxy,
    "dtr": True, "rts": True, "cwd": None,
}
env = dict(os.environ, PYTHONIOENCODING="utf-8", PYTHONUNBUFFERED="1", THONNY_USER_DIR=os.path.join(os.environ.get("TMPDIR", "/tmp"), "thonny-test"))
os.makedirs(env["THONNY_USER_DIR"], exist_ok=True)
p = subprocess.Popen([sys.executable, "-u", back, repr(args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env, bufsize=1)
lines = queue.Queue()
threading.Thread(target=lambda: [lines.put(l) for l in p.stdout], daemon=True).start()


def wait(done, seconds=25):
    """Collects what the program prints until `done` accepts a message."""
    text, end = "", time.time() + seconds
    while time.time() < end:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            continue
        if not line.startswith("\x02"):
            continue
        message = parse_message(line)
        if message.get("event_type") == "ProgramOutput":
            text += message.get("data", "")
        if done(message):
            return message, text
    raise SystemExit("no answer from the back end; so far: " + repr(text))


def send(command):
    p.stdin.write(serialize_message(command) + "\n")
    p.stdin.flush()


def toplevel(m):
    return m.get("event_type") == "ToplevelResponse"


wait(toplevel)
send(ToplevelCommand("execute_source", source="import sys\nprint(6 * 7, sys.platform)\n"))
print("execute:", wait(toplevel)[1].split())
data = b"from Thonny\n" * 100
send(InlineCommand("write_file", id=1, path="/upload.txt", content_bytes=data, editor_id=1, make_shebang_scripts_executable=False, blocking=False, description="write"))
wait(lambda m: m.get("event_type") == "write_file_response")
send(InlineCommand("read_file", id=2, path="/upload.txt", editor_id=1, blocking=False, description="read"))
print("read back:", wait(lambda m: m.get("event_type") == "read_file_response")[0]["content_bytes"] == data)
send(ToplevelCommand("execute_source", source="print(open('/upload.txt').read().count('Thonny'))\n"))
print("upload:", wait(toplevel)[1].split())
send(ToplevelCommand("execute_source", source="1/0\n"))
print("error:", "ZeroDivisionError" in wait(toplevel)[1])
p.kill()
