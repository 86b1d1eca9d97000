"""Runs local AWS for a caller, and outlives it by just long enough to clean up.

usage: supervise.py COMMAND [ARGUMENT...]

Standard input is the caller's lifeline. When it ends, because the caller closed
it, was interrupted or was killed, every process is killed and the private
directory removed. A caller that writes "keep" before it goes leaves everything
running: then a SIGTERM to this process ends it.

The command runs in a process group of its own, with file descriptor 3 (the
listening socket) and a private directory for all that it and its functions
write. One line of JSON on standard output says which group and directory. A
command that ends by itself is a failure: the end of its log goes to standard
error.

The environment variable SUPERVISE_FILES may hold a JSON object of texts. Each
becomes a file in the private directory, and a variable of the command's that
holds the file's path. Both have the name that the text has in the object.
"""

import ctypes
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

LISTENER = 3
PR_SET_CHILD_SUBREAPER = 36


def main(command):
    # Linux gives this process every orphan among its descendants, so that a
    # function which started a session of its own is found too. Other systems
    # have no such thing; there the process group has to do.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    # The reason for the end of the run: an error, or None after a request to stop.
    over = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: over.put(None))

    directory = tempfile.mkdtemp(prefix="defog-local-")
    try:
        child = start(command, directory)
    except OSError as error:
        shutil.rmtree(directory)
        sys.exit(f"could not start {command[0]}: {error}")
    threading.Thread(target=watch_caller, args=[over], daemon=True).start()
    threading.Thread(target=watch_child, args=[over, child], daemon=True).start()
    say({"group": child.pid, "directory": directory})

    error = over.get()
    if error:
        error = log_tail(directory) or error
    kill_all(child.pid)
    shutil.rmtree(directory, ignore_errors=True)
    if os.path.exists(directory):
        error = f"could not remove {directory}"
    sys.exit(error)


def watch_caller(over):
    # Not sys.stdin, whose lock a waiting thread would keep from the exit.
    if os.read(0, len(b"keep")) != b"keep":
        over.put(None)


def watch_child(over, child):
    over.put(f"it ended with {child.wait()}")


def say(fact):
    try:
        print(json.dumps(fact), flush=True)
    except BrokenPipeError:
        pass  # the caller is gone; watch_caller knows


def start(command, directory):
    environment = {
        "STATE_DIR": os.path.join(directory, "state"),
        "S3_DATA_DIR": os.path.join(directory, "s3"),
    } | os.environ | {
        "HOME": directory,
        "TMPDIR": directory,
        # MiniStack would use, and clean up in, a Docker daemon that it finds.
        "DOCKER_HOST": "unix://" + os.path.join(directory, "no-docker.sock"),
    }
    for name, text in json.loads(environment.pop("SUPERVISE_FILES", "{}")).items():
        environment[name] = os.path.join(directory, name)
        with open(environment[name], "w") as file:
            file.write(text)
    with open(log_file(directory), "wb") as log:
        child = subprocess.Popen(
            command, env=environment, cwd=directory, preexec_fn=os.setpgrp, pass_fds=[LISTENER],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    os.close(LISTENER)  # so that connections are refused when the command is gone
    return child


def kill_all(group):
    """Kills without grace: there is nothing in local AWS worth saving. It gives
    up after ten seconds, since a killed process may wait for a parent that
    never asks for it."""
    for _ in range(1000):
        left = kill(os.killpg, group)
        for orphan in children():
            left |= kill(os.kill, orphan)
        reap()
        if not left:
            return
        time.sleep(0.01)


def kill(how, number):
    try:
        how(number, signal.SIGKILL)
    except OSError:  # gone; macOS says EPERM when only zombies are left
        return False
    return True


def children():
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as listing:
            return [int(number) for number in listing.read().split()]
    except OSError:
        return []


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def log_file(directory):
    return os.path.join(directory, "ministack.log")


def log_tail(directory):
    with open(log_file(directory), errors="replace") as log:
        return log.read()[-4000:]


if __name__ == "__main__":
    main(sys.argv[1:])
