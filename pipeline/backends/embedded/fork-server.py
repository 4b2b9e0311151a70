"""Starts Python programs by forking a process that has imported their libraries already.

Standard input: one request a line, {"id", "entry": "module:function", "argv", "env", "cwd"}. When it ends, the server
kills all that it started and ends too.
Standard output: one event a line: {"id", "pid"}, {"id", "output": base64}, {"id", "exit": {"code", "signal"}},
{"id", "closed": true} when nothing can write output any more, or {"id", "refused": reason}.

The first start of a program is a cold one. It tells which modules its imports brought; the server then imports those
that are not the project's own, so that later starts are warm. The project's own code is imported in the forked process
alone: it may read its environment as it is imported.
"""

import base64
import importlib
import json
import os
import selectors
import signal
import sys
from threading import active_count


def serve(project):
    """Serves until a fork: returns in the forked process alone, with its request and where to tell its modules."""
    events = os.dup(1)
    os.dup2(2, 1)  # what a library prints while the server imports it is no event
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    readers = selectors.DefaultSelector()
    readers.register(0, selectors.EVENT_READ, "requests")
    readers.register(woken, selectors.EVENT_READ, "child ended")
    jobs = {}  # pid -> id of its request
    known = set()  # entries whose modules have been asked for
    modules = {}  # reader -> bytes of a list of modules that is still arriving
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
            for key, _ in readers.select():
                data = os.read(key.fd, 65536)
                if key.data == "requests":
                    if not data:
                        return None
                    *lines, unread = (unread + data).split(b"\n")
                    for line in lines:
                        request = json.loads(line)
                        job, entry = request["id"], request["entry"]
                        threads = count_threads()
                        if threads > 1:
                            emit(job, refused=f"the imported libraries run {threads} threads, which no fork survives")
                            continue
                        output, child_output = os.pipe()
                        told, child_tells = (None, None) if entry in known else os.pipe()
                        pid = os.fork()
                        if pid == 0:
                            jobs.clear()
                            become_child(child_output, [events, waker, output, told, *readers.get_map()])
                            readers.close()
                            return request, child_tells
                        join_own_group(pid)
                        os.close(child_output)
                        jobs[pid] = job
                        readers.register(output, selectors.EVENT_READ, job)
                        if told is not None:
                            os.close(child_tells)
                            known.add(entry)
                            modules[told] = b""
                            readers.register(told, selectors.EVENT_READ, "modules")
                        emit(job, pid=pid)
                elif key.data == "child ended":
                    for pid, status in ended_children():
                        if pid in jobs:
                            emit(jobs.pop(pid), exit=describe_exit(status))
                elif key.data == "modules":
                    modules[key.fd] += data
                    if not data:
                        close(key.fd)
                        preload(json.loads(modules.pop(key.fd) or b"[]"), project)
                elif data:
                    emit(key.data, output=base64.b64encode(data).decode())
                else:
                    close(key.fd)
                    emit(key.data, closed=True)
    finally:
        for pid in jobs:
            os.killpg(pid, signal.SIGKILL)


def become_child(output, inherited):
    """Leaves the server behind: own group, own output, the usual signals, none of its files."""
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
        sys.modules["numpy.random"].seed()  # or every program would draw the same numbers


def join_own_group(pid):
    """Called by both sides of a fork: whoever comes first, the group is there before anybody signals it."""
    try:
        os.setpgid(pid, pid)
    except OSError:
        pass  # the child has gone on already


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


def preload(names, project):
    """Imports what a program imported, in its order. What fails here fails there too, with its message."""
    for name, file in names:
        if os.path.isabs(file) and not file.startswith(project + os.sep) and name not in sys.modules:
            try:
                importlib.import_module(name)
            except (Exception, SystemExit):
                pass


def count_threads():
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return active_count()


def run(request, tell):
    """Calls the program as its console script would."""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.argv[:] = request["argv"]
    module, _, path = request["entry"].partition(":")
    program = importlib.import_module(module)
    if tell is not None:
        with os.fdopen(tell, "w") as file:
            json.dump([(name, str(getattr(found, "__file__", ""))) for name, found in list(sys.modules.items())], file)
    for name in path.split("."):
        program = getattr(program, name)
    sys.exit(program())


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    forked = serve(sys.argv[1])
    if forked is None:
        os._exit(0)
    run(*forked)
