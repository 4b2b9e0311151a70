"""Starts a model's program as its console script would, or only imports it.

usage: start_program.py (run|check) PROGRAM ENTRY [ARGUMENT ...]

An entry is `module:function`, or the path of a Python file. Errors are shown without the frames of this file and of
Python's own import system, so that a traceback begins in the user's file.
"""

import ast
import importlib
import os
import runpy
import sys
import traceback

import supervise

OWN_FILES = (__file__, importlib.__file__, runpy.__file__, os.path.join(os.path.dirname(__file__), "fork-server.py"))
# Errors that the job would have as well. Any other may come from an import that reads the job.
CERTAIN = (ImportError, SyntaxError, NameError)


def run(entry, imported=lambda: None):
    """Calls the program and returns what it returns; calls `imported` once its module is imported."""
    if is_file(entry):
        sys.path.insert(0, os.path.dirname(entry))
        runpy.run_path(entry, run_name="__main__")
        return None
    return find(entry, imported)()


def check(entry, imported=lambda: None):
    """Imports the program, and ends with 1 and the traceback if it cannot be imported; other errors do not count."""
    try:
        if is_file(entry):
            check_file(entry)
        else:
            find(entry, imported)
    except CERTAIN:
        raise
    except (Exception, SystemExit):
        pass


def find(entry, imported):
    """Returns the function of `module:function`.

    Raises:
        ImportError: the module does not have it.
    """
    module, _, path = entry.partition(":")
    found = importlib.import_module(module)
    imported()
    for name in path.split("."):
        if not hasattr(found, name):
            where = getattr(sys.modules[module], "__file__", module)
            raise ImportError(f"{where} has no {path!r}, which {entry!r} in [project.scripts] of pyproject.toml names")
        found = getattr(found, name)
    return found


def check_file(path):
    """Compiles a file, and runs its imports but nothing else of it, because a plain file does its work when it runs."""
    sys.path.insert(0, os.path.dirname(path))
    with open(path, "rb") as file:
        tree = compile(file.read(), path, "exec", ast.PyCF_ONLY_AST)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(imports, type_ignores=[]), path, "exec"), {"__name__": "__mlops_check__"})


def is_file(entry):
    return os.path.isabs(entry)


def show_error(kind, error, trace):
    """Prints a traceback as Python does, from the first frame that is not ours."""
    shown = traceback.TracebackException(kind, error, trace)
    drop_own_frames(shown, set())
    print("".join(shown.format()), file=sys.stderr, end="", flush=True)


def drop_own_frames(shown, seen):
    if shown is None or id(shown) in seen:
        return
    seen.add(id(shown))
    shown.stack[:] = [frame for frame in shown.stack if not is_own(frame.filename)]
    for other in (shown.__cause__, shown.__context__, *(getattr(shown, "exceptions", None) or ())):
        drop_own_frames(other, seen)


def is_own(file):
    return file in OWN_FILES or file.startswith(("<frozen importlib", "<frozen runpy"))


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    sys.excepthook = show_error
    del sys.modules["supervise"]  # a program may have a module of this name
    supervise.supervise()
    task, name, program, *arguments = sys.argv[1:]
    sys.argv[:] = [program if is_file(program) else name, *arguments]
    sys.exit({"run": run, "check": check}[task](program))
