"""Starts Python programs quickly by forking a process that has already imported their libraries.

Standard input: one request per line, {"id", "task": "run" or "check", "entry", "argv", "env", "cwd"} (start_program.py
says what tasks and entries are). When it ends, the server kills everything that it started and ends too.
Standard output: one event per line: {"id", "pid"}, {"id", "output": base64}, {"id", "exit": {"code", "signal"}},
{"id", "closed": true} when nothing can write output any more, or {"id", "refused": reason}.

The first start of a program is slow. At its start and at its end it reports the modules that it has imported. The
server imports those that are not the project's own, so that later starts are fast: what a program has at its start at
once, and the rest before the next start, because nobody hears that the program has ended while the server imports. Only
forked processes import the project's own code, because it may read its environment during the import.
"""

import base64
import gc
import importlib
import json
import os
import selectors
import signal
import sys
from threading import active_count

import start_program
import supervise

MOST_TOLD = 16_000_000  # bytes of a report of modules


def serve(project):
    """Serves requests. Returns only in a forked process, with its request and the pipe to report its modules."""
    events = os.dup(1)
    os.dup2(2, 1)  # output of a library that the server imports must not look like an event
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    readers = selectors.DefaultSelector()
    readers.register(0, selectors.EVENT_READ, "requests")
    readers.register(woken, selectors.EVENT_READ, "child ended")
    jobs = {}  # pid -> id of its request
    known = set()  # tasks and entries that report, or have reported, their modules
    told = {}  # reader of such a report -> its unfinished line
    missing = []  # names of modules that are still to be imported
    unread = b""

    def emit(job, **event):
        data = json.dumps({"id": job, **event}).encode() + b"\n"
        while data:
            data = data[os.write(events, data) :]

    def close(reader):
        readers.unregister(reader)
        os.close(reader)

    try:
        while True:
            requests = []
            for key, _ in readers.select():
                data = os.read(key.fd, 65536)
                if key.data == "requests":
                    if not data:
                        return None
                    *lines, unread = (unread + data).split(b"\n")
                    requests = [json.loads(line) for line in lines]
                elif key.data == "child ended":
                    for pid, status in ended_children():
                        if pid in jobs:
                            emit(jobs.pop(pid), exit=describe_exit(status))
                elif key.data == "modules":
                    *lists, told[key.fd] = (told[key.fd] + data).split(b"\n")
                    for line in lists:
                        ended, names = read_report(line, project)
                        missing += names
                        if not ended:
                            preload(missing)
                    if not data or len(told[key.fd]) > MOST_TOLD:
                        close(key.fd)
                elif data:
                    emit(key.data, output=base64.b64encode(data).decode())
                else:
                    close(key.fd)
                    emit(key.data, closed=True)

            if requests:
                preload(missing)
            for request in requests:
                job, entry = request["id"], (request["task"], request["entry"])
                threads = count_threads()
                if threads > 1:
                    emit(job, refused=f"its libraries run {threads} threads, and a fork would lose all but one")
                    continue
                output, writes = os.pipe()
                hears, tells = (None, None) if entry in known else os.pipe()
                pid = os.fork()
                if pid == 0:
                    jobs.clear()
                    become_child(writes, [events, waker, output, hears, *readers.get_map()])
                    readers.close()
                    supervise.supervise()
                    return request, tells
                join_own_group(pid)
                os.close(writes)
                jobs[pid] = job
                readers.register(output, selectors.EVENT_READ, job)
                if hears is not None:
                    os.close(tells)
                    known.add(entry)
                    told[hears] = b""
                    readers.register(hears, selectors.EVENT_READ, "modules")
                emit(job, pid=pid)
    finally:
        for pid in jobs:  # empty in a fork
            os.kill(pid, signal.SIGHUP)  # supervise.py says what that does


def become_child(output, inherited):
    """Separates a forked process from the server: own group, own output, default signals, none of its files."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    join_own_group(0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    for file in inherited:
        if file:
            os.close(file)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()  # otherwise every program would draw the same numbers


def join_own_group(pid):
    """Called in both processes after a fork, so that the group exists before anybody signals it."""
    try:
        os.setpgid(pid, pid)
    except OSError:
        pass  # the child has already ended


def ended_children():
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def describe_exit(status):
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return {"code": code, "signal": None}
    known = [name for name in signal.Signals if name == -code]
    return {"code": None, "signal": known[0].name if known else f"signal {-code}"}


def read_report(line, project):
    """Whether the program has ended, and its modules that are not the project's own; nothing if it wrote anything else."""
    try:
        ended, modules = json.loads(line)
        files = [(str(name), str(file)) for name, file in modules]
    except (ValueError, TypeError):
        return True, []
    return ended, [name for name, file in files if os.path.isabs(file) and not file.startswith(project + os.sep)]


def preload(names):
    """Imports a program's modules, in its order, and empties the list. Errors are ignored: the program shows them itself."""
    for name in names:
        if name not in sys.modules:
            try:
                importlib.import_module(name)
            except (Exception, SystemExit):
                pass
    if names:
        gc.freeze()  # otherwise garbage collection at a fork's end would copy all that memory: 0.3 s for scikit-learn
    names.clear()


def count_threads():
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return active_count()


def run(request, tells):
    """Calls the program as its console script would."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv[:] = request["argv"]
    sys.excepthook = start_program.show_error
    me = os.getpid()
    task = getattr(start_program, request["task"])
    try:
        sys.exit(task(request["entry"], lambda: tell_modules(tells, ended=False)))
    finally:
        if os.getpid() == me:  # not in a fork of the program itself
            tell_modules(tells, ended=True)


def tell_modules(tells, *, ended):
    if tells is not None:
        modules = [(name, str(getattr(found, "__file__", ""))) for name, found in list(sys.modules.items())]
        with os.fdopen(tells, "w", closefd=False) as file:
            file.write(json.dumps([ended, modules]) + "\n")


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    for module in ("start_program", "supervise"):
        del sys.modules[module]  # a program may have a module of this name
    supervise.can_isolate()
    forked = serve(sys.argv[1])
    if forked is None:
        os._exit(0)
    run(*forked)
