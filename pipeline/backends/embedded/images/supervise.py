"""Runs a program so that nothing of it stays behind, and so that it sees as little of this machine as can be had without root.

On Linux two processes stand around the program: one outside, whose process group it shares, and one inside.

- Where the kernel lets a user make namespaces, the inside process is the first of a new PID namespace, with a /proc of its
  own: the program sees no other process of this user, so it cannot read another's environment, and the kernel kills all
  that it started with it. Folders where users keep keys are empty for it, and it can gain no privilege.
- Elsewhere the outside process adopts what the program leaves (PR_SET_CHILD_SUBREAPER) and kills it.

Both end with the program, in its way. SIGTERM ends the program alone. SIGHUP, which the kernel also sends when this
process's parent has ended, kills the program and all that it started. Other systems than Linux run the program as it is.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 1, 4, 24, 38, 36
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 4096, 16384, 1 << 18
CAPABILITY_VERSION_3 = 0x20080522
MOST_CAPABILITIES = 64
# Root's capabilities that its programs may rely on: chown to setuid (0 to 7), and net_bind_service (10).
OF_ROOT = 0x4FF

# Files and folders of the home folder in which programs keep their users' keys and passwords.
SECRETS = (
    ".aws .azure .config/gcloud .config/gh .config/hub .databrickscfg .docker .git-credentials .gnupg .huggingface/token "
    ".cache/huggingface/token .kaggle .kube .netrc .npmrc .pgpass .pypirc .ssh .terraform.d .vault-token .wandb "
    ".bash_history .zsh_history .python_history .local/share/keyrings .mozilla .config/google-chrome"
).split()

libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
namespaces = None  # whether they can be had: unknown until a process has tried


def supervise():
    """Forks the program, and returns only in it. Call it in a process with one thread and a process group of its own."""
    if libc is None:
        return
    isolated = can_isolate()
    parent = os.getppid()
    # Blocked, so that one which comes before the program has started is not lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGHUP)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    told, tells = os.pipe()
    if isolated:
        enter_namespaces()
    inside = os.fork()
    if inside == 0:
        os.close(told)
        if isolated:
            hide()
            program = os.fork()
            if program != 0:
                if signal.SIGTERM in signal.sigpending():
                    os.kill(program, signal.SIGTERM)
                status = reap_until(program)
                os.write(tells, str(status).encode())
                os._exit(0)
        os.close(tells)
        restrict()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        return
    os.close(tells)
    signal.signal(signal.SIGHUP, lambda *_: kill(inside))
    # Stopped before the program has started, or without the parent before the kernel was asked to tell.
    if signal.SIGTERM in signal.sigpending() or os.getppid() != parent:
        kill(inside)
    status = reap_until(inside)
    if not isolated:
        kill_children()
    elif status == 0:
        status = int(os.read(told, 64) or b"9")
    end_as(status)


def can_isolate():
    """Tries it in a process of its own, because a failure in the middle leaves one that is of no use."""
    global namespaces
    if namespaces is not None:
        return namespaces
    namespaces = os.environ.get("MLOPS_NAMESPACES") != "0"
    if not namespaces:
        return False
    pid = os.fork()
    if pid == 0:
        try:
            enter_namespaces()
            first = os.fork()
            if first == 0:
                hide()
                restrict()
                os._exit(0)
            os._exit(os.waitpid(first, 0)[1] and 1)
        finally:
            os._exit(1)
    namespaces = os.waitpid(pid, 0)[1] == 0
    return namespaces


def enter_namespaces():
    """The next process that is forked is the first of a PID namespace; this user is the same user there."""
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        return call(libc.unshare, CLONE_NEWNS | CLONE_NEWPID)
    call(libc.unshare, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID)
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{user} {user} 1")
    write("/proc/self/gid_map", f"{group} {group} 1")


def hide():
    """Mounts a /proc of the new namespace's processes, and empty folders over those with secrets."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    home = os.path.realpath(os.path.expanduser("~"))
    for name in SECRETS:
        path = os.path.join(home, name)
        if os.path.isdir(path):
            mount("tmpfs", os.path.realpath(path), "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV)
        elif os.path.isfile(path):
            mount("/dev/null", os.path.realpath(path), None, MS_BIND)


def restrict():
    """Takes from this process, and from all that it starts, what would undo the rest: capabilities, setuid programs."""
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if not namespaces:
        return
    kept = OF_ROOT if os.geteuid() == 0 else 0
    for capability in range(MOST_CAPABILITIES):
        if not kept >> capability & 1:
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    call(libc.capset, header, (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0))
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # so that our own process can see on which port it listens


def reap_until(pid):
    """Waits for a child and returns its status; takes the end of others that were left to this process."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return status


def kill_children():
    """Kills this process's children until there are none; the children of each become this process's own."""
    me = os.getpid()
    while True:
        for child in children_of(me):
            kill(child)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def children_of(parent):
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    # "pid (name) state parent ..."; the name may contain anything.
                    if int(file.read().rpartition(b")")[2].split()[1]) == parent:
                        yield int(name)
            except OSError:
                pass


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end_as(status):
    """Ends this process as the program has ended."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # the program has dumped its core already
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


def mount(source, target, kind, flags):
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    call(libc.mount, *encoded, ctypes.c_ulong(flags), None)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def call(function, *arguments):
    """Calls a function of the C library; OSError if it fails."""
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
