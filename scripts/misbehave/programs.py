"""A model whose hyperparameters `train` and `serve` say how it misbehaves. Cases.ts says what the pipeline answers."""

import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BASE = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")
MODEL = BASE + "/model"
FAILURE = BASE + "/output/failure"


def given():
    with open(BASE + "/input/config/hyperparameters.json") as file:
        return json.load(file)


try:
    if given()["train"] == "dies-on-import":
        raise ImportError("no module named yesterday")
except FileNotFoundError:
    pass  # no training job


def tell(text):
    print(text, flush=True)


def forever():
    tell("misbehaves now")
    while True:
        time.sleep(60)


def ignores_sigterm():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    forever()


def floods():
    tell("misbehaves now")
    while True:
        print("a line of a program that prints without end " * 4)


def line_without_end():
    tell("misbehaves now")
    while True:
        sys.stdout.write("x" * 65536)


def fork_bomb():
    for _ in range(200):
        subprocess.Popen(["sleep", "7654321"])
    sys.exit(3)


def detached_child():
    subprocess.Popen(["setsid", "env", "-i", "sleep", "7654321"])
    time.sleep(0.2)
    sys.exit(3)


def huge_failure_file():
    with open(FAILURE, "w") as file:
        for _ in range(100):
            file.write("why it failed, at length. " * 40_000)
    sys.exit(1)


def fifo_as_failure_file():
    os.mkfifo(FAILURE)
    sys.exit(1)


def links_failure_file():
    os.symlink("/etc/passwd", FAILURE)
    sys.exit(1)


def links_input():
    shutil.rmtree(BASE + "/input")
    os.symlink(os.path.dirname(BASE), BASE + "/input")


def socket_in_model():
    os.chdir(MODEL)  # the address may have 107 characters
    socket.socket(socket.AF_UNIX).bind("socket")


def sparse_file():
    with open(MODEL + "/weights", "w") as file:
        file.truncate(2**40)


def deep_folders():
    os.chdir(MODEL)
    for _ in range(3000):
        os.mkdir("deep")
        os.chdir("deep")


def many_files():
    for number in range(110_000):
        os.close(os.open(f"{MODEL}/{number}", os.O_CREAT))


def closed_folder():
    os.mkdir(MODEL + "/closed")
    with open(MODEL + "/closed/weights", "w") as file:
        file.write("1")
    os.chmod(MODEL + "/closed", 0)


def deletes_everything():
    shutil.rmtree(BASE, ignore_errors=True)


def prints_secrets():
    tell("key AKIA" + "A1" * 8 + " token ghp_" + "a" * 36)
    sys.exit(1)


def prints_commands():
    tell("\x1b]0;title\x07\x1b[2J::add-mask::everything")
    tell("::error::not by the pipeline")
    sys.exit(1)


TRAIN = {
    "hang": forever,
    "ignores-sigterm": ignores_sigterm,
    "floods": floods,
    "line-without-end": line_without_end,
    "fork-bomb": fork_bomb,
    "detached-child": detached_child,
    "huge-failure-file": huge_failure_file,
    "fifo-as-failure-file": fifo_as_failure_file,
    "links-failure-file": links_failure_file,
    "fifo-in-model": lambda: os.mkfifo(MODEL + "/pipe"),
    "socket-in-model": socket_in_model,
    "link-in-model": lambda: os.symlink("/etc/passwd", MODEL + "/weights"),
    "device-in-model": lambda: os.symlink("/dev/zero", MODEL + "/weights"),
    "links-input": links_input,
    "sparse-file": sparse_file,
    "deep-folders": deep_folders,
    "many-files": many_files,
    "closed-folder": closed_folder,
    "exit-code": lambda: sys.exit(7),
    "segmentation-fault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "deletes-everything": deletes_everything,
    "prints-secrets": prints_secrets,
    "prints-commands": prints_commands,
}


def train():
    settings = given()
    TRAIN.get(settings["train"], lambda: None)()
    if settings["train"] not in ("no-model", "deletes-everything"):
        with open(MODEL + "/model.json", "w") as file:
            json.dump(settings, file)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    way = "good"
    asked = 0

    def reply(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        Handler.asked += 1
        scores = ["%.9f" % (1 / (1 + math.exp(-2 * float(line.split(",")[0])))) for line in body.splitlines()]
        text = "\n".join(scores) + "\n"
        way = self.way
        if way == "dies-in-the-middle":
            os._exit(7)
        elif way == "slow":
            forever()
        elif way == "answers-nan":
            self.reply("nan\n".encode() * len(scores))
        elif way == "answers-text":
            self.reply(("error: bad record\n" * len(scores)).encode())
        elif way == "wrong-count":
            self.reply("\n".join(scores[1:]).encode())
        elif way == "reordered":
            self.reply(("\n".join(reversed(scores)) + "\n").encode())
        elif way == "huge":
            self.send_response(200)
            self.end_headers()
            while True:
                self.wfile.write(b"0.5\n" * 262_144)
        elif way == "empty-lines":
            self.reply(b"\n" * 50_000_000)
        elif way == "binary":
            self.reply(bytes(range(256)).replace(b"\n", b"") * len(scores) + b"\n" * len(scores))
        elif way == "no-newline":
            self.reply("\n".join(scores).encode())
        elif way == "redirects":
            self.reply(b"", 302, Location="http://127.0.0.1:1/elsewhere")
        elif way == "closes-connection":
            self.close_connection = True
        elif way == "fails-once" and Handler.asked == 1:
            self.reply(b"not yet", 500)
        elif way == "fails-at-length":
            self.reply(b"<p>It went wrong.</p>" * 500_000, 500)
        else:
            self.reply(text.encode())

    def log_message(self, *args):
        pass


def serve():
    with open(MODEL + "/model.json") as file:
        Handler.way = json.load(file)["serve"]
    if Handler.way == "dies-at-start":
        raise RuntimeError("no room for the weights")
    if Handler.way == "never-listens":
        forever()
    if Handler.way == "stays":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))), Handler).serve_forever()
