"""The work of tools/switch-test, which see: runs on the stage only."""
import os
import pickle
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time

ETC = '/etc/fail2ban'
SOCKET, PIDFILE = '/run/fail2ban/fail2ban.sock', '/run/fail2ban/fail2ban.pid'
DATABASE = '/var/lib/fail2ban/fail2ban.sqlite3'
LOG, ACTED = '/var/log/switch.log', '/run/acted'
END = b'<F2B_END_COMMAND>'
WAIT_SEC = 60

FILES = {
    'fail2ban.conf': f'''[Definition]
loglevel = INFO
logtarget = /var/log/fail2ban.log
socket = {SOCKET}
pidfile = {PIDFILE}
dbfile = {DATABASE}
''',
    'jail.conf': f'''[switch]
enabled = true
backend = polling
filter = switch
action = switch
logpath = {LOG}
maxretry = 2
findtime = 1h
bantime = 1d
''',
    'filter.d/switch.conf': '[Definition]\nfailregex = ^ switch: refused <HOST>$\n',
    'action.d/switch.conf': f'[Definition]\nactionban = echo ban <ip> >>{ACTED}\nactionunban = echo unban <ip> >>{ACTED}\n',
}


def set_up():
    shutil.rmtree(ETC)
    for name, text in FILES.items():
        path = os.path.join(ETC, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
    os.makedirs(os.path.dirname(DATABASE), exist_ok=True)
    os.makedirs(os.path.dirname(SOCKET), exist_ok=True)
    for path in (LOG, ACTED):
        open(path, 'w', encoding='ascii').close()


def wait(done, what):
    end = time.monotonic() + WAIT_SEC
    while not done():
        if time.monotonic() > end:
            raise AssertionError(f'waited in vain for {what}')
        time.sleep(0.02)


class Running:
    """A server of one of the two: until `stop` or `kill`."""

    last = None

    def __init__(self, start):
        Running.last = self
        self.process = subprocess.Popen([*start, '-f'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait(self.is_ready, 'the jail')

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError('the server has ended')
        try:
            return self.ask('status', 'switch')[0] == 0
        except (OSError, ImportError):  # an answer of theirs may name an exception of theirs
            return False

    def ask(self, *words):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(WAIT_SEC)
            sock.connect(SOCKET)
            sock.sendall(pickle.dumps(list(words), 2) + END)
            data = b''
            while not data.endswith(END):
                part = sock.recv(65536)
                if not part:
                    raise ConnectionError('closed')
                data += part
        return pickle.loads(data)

    def counts(self):
        """failures now and in all, bans now and in all"""
        (_, ((_, failed), (_, banned))) = self.ask('status', 'switch')
        return [failed[0][1], failed[1][1], banned[0][1], banned[1][1]]

    def bans(self):
        """Without the second of the ban: the database has it rounded, both show it cut."""
        times = [line.split() for line in self.ask('get', 'switch', 'banip', '--with-time')[1]]
        return sorted((ip, length) for ip, _, _, _, length, *_ in times)

    def stop(self):
        self.ask('stop')
        self.process.wait(WAIT_SEC)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(WAIT_SEC)
        for path in (SOCKET, PIDFILE):
            if os.path.exists(path):
                os.unlink(path)


def append(*ips):
    stamp = time.strftime('%Y-%m-%d %H:%M:%S')
    with open(LOG, 'a', encoding='ascii') as file:
        file.write(''.join(f'{stamp} switch: refused {ip}\n' for ip in ips))


def acted():
    with open(ACTED, encoding='ascii') as file:
        return sorted(file.read().splitlines())


def rows(query):
    database = sqlite3.connect(DATABASE)
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def is_same(got, expected):
    if got != expected:
        raise AssertionError(f'got {got!r}, expected {expected!r}')


# --- the cases -----------------------------------------------------------------------------------------------------------------

def switch(first, second, end):
    """One bans, the other goes on, and the first has it back."""
    set_up()
    if os.path.exists(DATABASE):
        os.unlink(DATABASE)
    server = Running(first)
    append('192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.2', '192.0.2.9')
    wait(lambda: len(acted()) == 2, 'the first bans')
    server.ask('set', 'switch', 'banip', '2001:db8::1')
    wait(lambda: len(acted()) == 3, 'the ban by hand')
    bans = server.bans()
    wait(lambda: rows('SELECT count(*) FROM bips') == [(3,)], 'the rows')
    server.stop()

    open(ACTED, 'w', encoding='ascii').close()
    server = Running(second)
    wait(lambda: len(acted()) == 3, 'the restored bans')
    is_same(server.bans(), bans)
    is_same(server.counts()[1], 0)      # what was read is not read again
    append('192.0.2.3', '192.0.2.3')
    wait(lambda: len(acted()) == 4, 'a ban of the second')
    server.ask('set', 'switch', 'unbanip', '192.0.2.1')
    wait(lambda: len(acted()) == 5, 'an unban of the second')
    append('192.0.2.10')
    wait(lambda: server.counts()[1] == 3, 'a failure')
    bans = server.bans()
    is_same([ip for ip, _ in bans], ['192.0.2.2', '192.0.2.3', '2001:db8::1'])
    end(server)

    open(ACTED, 'w', encoding='ascii').close()
    server = Running(first)
    wait(lambda: len(acted()) == 3, 'the bans that are restored at last')
    is_same(server.bans(), bans)
    is_same(rows('PRAGMA integrity_check'), [('ok',)])
    server.stop()


def to_ours_and_back(ours, theirs, _):
    switch(theirs, ours, Running.stop)


def back_after_a_kill(ours, theirs, _):
    switch(theirs, ours, Running.kill)


def to_theirs_and_back(ours, theirs, _):
    switch(ours, theirs, Running.stop)


def brought_up(server, sample):
    set_up()
    shutil.copy(sample, DATABASE)
    os.chmod(DATABASE, 0o600)
    Running(server).stop()
    return {table: sorted(rows(f'SELECT * FROM {table}'), key=repr) for table in ('fail2banDb', 'jails', 'bans', 'bips')} | {
        'schema': sorted(row for row in rows('SELECT type, name, tbl_name FROM sqlite_master') if row[1] != 'failurelog')}


def older_versions(ours, theirs, samples):
    for name in ('database_v1.db', 'database_v2.db'):
        sample = os.path.join(samples, name)
        if not os.path.exists(sample):
            return f'SKIP {name} is not here'
        is_same(brought_up(ours, sample), brought_up(theirs, sample))
    return None


CASES = [('from fail2ban to ours and back', to_ours_and_back), ('and back after ours was killed', back_after_a_kill),
         ('from ours to fail2ban and back', to_theirs_and_back),
         ('databases of older versions become the same with both', older_versions)]


def main():
    build, debian, samples = sys.argv[1:]
    ours = [os.path.join(build, 'fail2ban-server')]
    theirs = ['env', f'PYTHONPATH={debian}/usr/lib/python3/dist-packages', 'python3', f'{debian}/usr/bin/fail2ban-server']
    failed = False
    print(f'1..{len(CASES)}', flush=True)
    for number, (name, case) in enumerate(CASES, 1):
        try:
            note = case(ours, theirs, samples)
            print(f'ok {number} - {name}' + (f' # {note}' if note else ''), flush=True)
        except (AssertionError, OSError, sqlite3.Error) as error:
            failed = True
            Running.last.kill()
            print(f'not ok {number} - {name}: {error}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
