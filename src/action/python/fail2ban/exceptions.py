"""Exceptions by the names under which users' code catches them."""


class DuplicateJailException(Exception):
    pass


class UnknownJailException(KeyError):
    pass
