"""Commands, caches and waiting."""
import importlib.machinery
import os
import signal
import subprocess
import threading
import time
import types

from ..helpers import getLogger, uni_decode

logSys = getLogger(__name__)

GRACE_SEC = 0.2


def _end(process):
    """Ends a process with all that it started: first politely."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass
        time.sleep(GRACE_SEC)


def _describe(code):
    number = -code if code < 0 else code - 128
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %i" % number


class Utils:
    DEFAULT_SLEEP_TIME = 2
    DEFAULT_SLEEP_INTERVAL = 0.2
    DEFAULT_SHORT_INTERVAL = 0.001
    DEFAULT_SHORTEST_INTERVAL = 0.00001

    class Cache:
        """Values that are good for a while; when it is full the oldest goes."""

        def __init__(self, maxCount=1000, maxTime=60):
            self.setOptions(maxCount, maxTime)
            self._values = {}
            self._lock = threading.Lock()

        def setOptions(self, maxCount=1000, maxTime=60):
            self.maxCount = maxCount
            self.maxTime = maxTime

        def __len__(self):
            return len(self._values)

        def get(self, k, defv=None):
            with self._lock:
                value, end = self._values.get(k, (defv, None))
                if end is not None and end <= time.time():
                    del self._values[k]
                    return defv
                return value

        def set(self, k, v):
            with self._lock:
                self._values.pop(k, None)
                while self._values and len(self._values) >= self.maxCount:
                    del self._values[next(iter(self._values))]
                self._values[k] = (v, time.time() + self.maxTime)

        def unset(self, k):
            with self._lock:
                self._values.pop(k, None)

        def clear(self):
            with self._lock:
                self._values.clear()

    @staticmethod
    def buildShellCmd(realCmd, varsDict):
        """A script that sees the values as shell variables: never part of its text, only arguments."""
        command = list(realCmd) if isinstance(realCmd, list) else [realCmd]
        first = len(command) - 1
        names = "".join("%s=$%i " % (name, first + i) for i, name in enumerate(varsDict))
        return [names + "\n" + command[0]] + command[1:] + list(varsDict.values())

    @staticmethod
    def executeCmd(realCmd, timeout=60, shell=True, output=False, tout_kill_tree=True, success_codes=(0,), varsDict=None):
        """Runs a command; with output a tuple (success, stdout, stderr, code), else whether it succeeded."""
        environment = None
        if varsDict and shell:
            realCmd = Utils.buildShellCmd(realCmd, varsDict)
        elif varsDict:
            environment = dict(os.environ, **varsDict)
        mark = "%x" % id(realCmd)
        try:
            process = subprocess.Popen(realCmd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, shell=shell,
                                       env=environment, start_new_session=True)
        except OSError as e:
            logSys.error("%s -- exec: %s", mark, realCmd)
            logSys.error("%s -- failed with %s", realCmd, e)
            return (False, None, str(e), None) if output else False
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            logSys.error("%s -- exec: %s", mark, realCmd)
            logSys.error("%s -- timed out after %s seconds.", mark, timeout)
            _end(process)
            out, err = process.communicate()
        code = process.returncode
        good = code in success_codes
        level = 10 if good else 40
        logSys.log(level, "%s -- exec: %s", mark, realCmd)
        for name, data in (("stdout", out), ("stderr", err)):
            for line in data.splitlines():
                logSys.log(level, "%s -- %s: %r", mark, name, uni_decode(line))
        if good:
            logSys.debug("%s -- returned successfully %i", mark, code)
        elif code < 0 or code > 128:
            logSys.error("%s -- killed with %s (return code: %s)", mark, _describe(code), code)
        else:
            logSys.error("%s -- returned %i", mark, code)
        if output:
            return good, out, err, code
        return good if len(success_codes) == 1 else (good, code)

    @staticmethod
    def wait_for(cond, timeout, interval=None):
        """Until cond() is true, but no longer than timeout (seconds, or a function that says when it is over)."""
        step = interval or Utils.DEFAULT_SLEEP_INTERVAL
        end = None if callable(timeout) else time.time() + timeout
        pause = 0
        while True:
            result = cond()
            if result or (timeout() if end is None else time.time() > end):
                return result
            pause = min(pause + step, Utils.DEFAULT_SLEEP_TIME)
            time.sleep(pause)

    @staticmethod
    def pid_exists(pid):
        if pid < 0:
            return False
        try:
            os.kill(pid, 0)
        except PermissionError:
            return True
        except OSError:
            return False
        return True

    @staticmethod
    def load_python_module(pythonModule):
        name = os.path.splitext(os.path.basename(pythonModule))[0]
        module = types.ModuleType(name)
        importlib.machinery.SourceFileLoader(name, pythonModule).exec_module(module)
        return module
