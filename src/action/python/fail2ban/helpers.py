"""Small things that actions import from here: loggers, texts, words."""
import locale
import logging
import re
import sys

import fail2ban  # noqa: F401 - its log levels

PREFER_ENC = locale.getpreferredencoding() or "UTF-8"


def getLogger(name):
    """A logger by fail2ban's habit: of a dotted name the last part counts."""
    return logging.getLogger("fail2ban." + name.split(".")[-1] if "." in name else name)


def str2LogLevel(value):
    if isinstance(value, int):
        return value
    if value.isdigit():
        return int(value)
    level = getattr(logging, value.upper(), None)
    if not isinstance(level, int):
        raise ValueError("Invalid log level %r" % value)
    return level


def uni_decode(x, enc=PREFER_ENC, errors="strict"):
    if not isinstance(x, bytes):
        return x
    try:
        return x.decode(enc, errors)
    except UnicodeError:
        if errors != "strict":
            raise
        return x.decode(enc, "replace")


def uni_string(x):
    return x.decode(PREFER_ENC, "replace") if isinstance(x, bytes) else str(x)


def uni_bytes(x):
    return x.encode("utf-8")


def splitwords(s):
    """Words between blanks, line ends and commas."""
    return [word for word in re.split(r"[,\s]+", s or "") if word]


def formatExceptionInfo():
    kind, error = sys.exc_info()[:2]
    return kind.__name__, str(error)
