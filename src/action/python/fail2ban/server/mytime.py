"""Times and time spans."""
import datetime
import re
import time

_UNITS = (
    ("y(?:ea?)?(?:r?s?)?", "years", 365.25 * 86400), ("mo(?:n(?:th)?s?)?", "months", 365.25 * 86400 / 12),
    ("w(?:e?e?k?)?s?", "weeks", 7 * 86400), ("d(?:ay)?s?", "days", 86400), ("h(?:ou)?r?s?", "hours", 3600),
    ("m(?:in)?(?:ute)?s?", "minutes", 60), ("s(?:ec)?(?:ond)?s?", "seconds", 1),
)
_PART = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*([a-z]*)", re.I)


def _factor(unit):
    for expression, _name, seconds in _UNITS:
        if re.fullmatch(expression, unit, re.I):
            return seconds
    raise ValueError("unknown unit of time: %r" % unit)


class MyTime:
    @staticmethod
    def time():
        return time.time()

    @staticmethod
    def gmtime():
        return time.gmtime()

    @staticmethod
    def now():
        return datetime.datetime.now()

    @staticmethod
    def localtime(x=None):
        return time.localtime(x)

    @staticmethod
    def time2str(unixTime, format="%Y-%m-%d %H:%M:%S"):
        return datetime.datetime.fromtimestamp(unixTime).replace(microsecond=0).strftime(format)

    @staticmethod
    def str2seconds(val):
        """Seconds of "1d 12h", "10m" or a number; numbers stay what they are."""
        if val is None or isinstance(val, (int, float)):
            return val
        total = 0
        rest = _PART.sub("", val).strip(" \t+,")
        if rest or not _PART.search(val):
            raise ValueError("not a span of time: %r" % val)
        for number, unit in _PART.findall(val):
            count = float(number) if "." in number else int(number)
            total += count * (_factor(unit) if unit else 1)
        return int(total) if total == int(total) else total
