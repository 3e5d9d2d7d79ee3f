"""The work of tools/ping-test, which see: runs on the stage only."""
import os
import pickle
import socket
import sqlite3
import subprocess
import sys
import threading
import time

SOCKET = '/run/fail2ban/fail2ban.sock'
DATABASE = '/var/lib/fail2ban/fail2ban.sqlite3'
LOG = '/var/log/ping.log'
END = b'<F2B_END_COMMAND>'
PING = pickle.dumps(['ping'], 2) + END
MEDIAN_MAX_SEC = 0.05
SLOWEST_MAX_SEC = 2
LINES, BANS = 60000, 500
WATCHED_SEC = 3

JAIL = '''[DEFAULT]
ignoreself = false
[ping]
enabled  = true
backend  = pyinotify
filter   = ping
action   = ping
logpath  = %s
maxretry = %%d
findtime = 1d
bantime  = 1d
''' % LOG
FILTER = '[Definition]\nfailregex = ^ ping: refused <HOST>$\n'
ACTION = '[Definition]\nactionban = %s\n'


def address(number):
    return f'10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}'


def lines(first, count):
    stamp = time.strftime('%Y-%m-%d %H:%M:%S')
    return ''.join(f'{stamp} ping: refused {address(n)}\n{stamp} ping: accepted 172.16.0.1, and a line is a hundred bytes long\n'
                   for n in range(first, first + count // 2))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def append(text):
    with open(LOG, 'a', encoding='utf-8') as file:
        file.write(text)


def client(*words):
    subprocess.run(['fail2ban-client', *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=60)


def ask(words):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(SOCKET)
        sock.sendall(words)
        data = b''
        while not data.endswith(END):
            part = sock.recv(65536)
            if not part:
                raise ConnectionError('closed')
            data += part
    return data


def rows():
    """Who is banned, as another program sees it."""
    database = sqlite3.connect(DATABASE)
    try:
        return database.execute('SELECT count(*) FROM bips').fetchone()[0]
    finally:
        database.close()


class Server:
    """Started with the jail on a log; stopped at the end."""

    def __init__(self, log='', maxretry=1, action='true'):
        write(LOG, log)
        write('/etc/fail2ban/jail.local', JAIL % maxretry)
        write('/etc/fail2ban/filter.d/ping.conf', FILTER)
        write('/etc/fail2ban/action.d/ping.conf', ACTION % action)

    def __enter__(self):
        client('-x', 'start')
        return self

    def __exit__(self, *unused):
        with open('/run/fail2ban/fail2ban.pid', encoding='ascii') as file:
            os.kill(int(file.read()), 9)
        for path in (DATABASE, SOCKET):
            if os.path.exists(path):
                os.unlink(path)


def watch(seconds=WATCHED_SEC):
    """How long the answers took, sorted."""
    took = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(took) < 20:
        start = time.monotonic()
        ask(PING)
        took.append(time.monotonic() - start)
        time.sleep(0.005)
    return sorted(took)


# --- what goes on meanwhile ----------------------------------------------------------------------------------------------------

def backlog(scale):
    with Server(log=lines(1, LINES * scale), maxretry=5):
        return watch(WATCHED_SEC * max(1, scale // 20))


def waiting_bans(scale):
    with Server(action='sleep 0.02'):
        append(lines(1, 2 * BANS * max(1, scale // 16)))
        return watch()


def sleeping_action(scale):
    with Server(action='sleep 30'):
        append(lines(1, 2))
        return watch()


def locked_database(scale):
    with Server():
        other = sqlite3.connect(DATABASE, isolation_level=None)
        other.execute('BEGIN EXCLUSIVE')
        append(lines(1, 20))
        took = watch()
        other.execute('ROLLBACK')
        end = time.monotonic() + 30
        while other.execute('SELECT count(*) FROM bips').fetchone() != (10,):
            if time.monotonic() > end:
                raise AssertionError('the bans were not written later')
            time.sleep(0.1)
        other.close()
        return took


def all_unbanned(scale):
    """Of many bans: their rows go as well."""
    bans = 20 * BANS * max(1, scale // 32)
    with Server(action=''):
        append(lines(1, 2 * bans))
        end = time.monotonic() + 60
        while rows() != bans:
            if time.monotonic() > end:
                raise AssertionError(f'{rows()} of {bans} were banned')
            time.sleep(0.1)
        thread = threading.Thread(target=client, args=('unban', '--all'))
        thread.start()
        took = watch()
        thread.join()
        if rows() != 0:
            raise AssertionError(f'{rows()} are still banned')
        return took


def started_in_the_foreground(scale):
    """Who asks as soon as there is a socket is told of the jails, not that there are none yet."""
    write('/etc/fail2ban/jail.local', JAIL % 1)
    write('/etc/fail2ban/filter.d/ping.conf', FILTER)
    write('/etc/fail2ban/action.d/ping.conf', ACTION % '')
    write(LOG, '')
    took = []
    for _ in range(20):
        server = subprocess.Popen(['fail2ban-server', '-x', '-f'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            answer = None
            while answer is None:
                if server.poll() is not None:
                    raise AssertionError('the server has ended')
                start = time.monotonic()
                try:
                    answer = pickle.loads(ask(pickle.dumps(['status'], 2) + END))
                except (FileNotFoundError, ConnectionRefusedError):  # not yet
                    time.sleep(0.0005)
            took.append(time.monotonic() - start)
            if answer[1][0][1] != 1:
                raise AssertionError(f'told of {answer[1][0][1]} jails')
        finally:
            server.terminate()
            server.wait(30)
    return sorted(took)


def bad_clients(scale):
    """Rubbish, half a message, requests whose answers nobody reads, and a hundred connections that say nothing."""
    with Server():
        idle = []
        for start in [b'', b'\x80', PING[:-3], b'\0' * 100000] * 25:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(5)
            sock.connect(SOCKET)
            sock.sendall(start)
            idle.append(sock)
        stop = threading.Event()

        def flood():
            while not stop.is_set():
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.settimeout(0.5)
                    try:
                        sock.connect(SOCKET)
                        while not stop.is_set():
                            sock.sendall(PING * 100)
                    except OSError:
                        pass    # it does not read on while its answers are not read

        thread = threading.Thread(target=flood)
        thread.start()
        took = watch()
        stop.set()
        thread.join()
        for sock in idle:
            sock.close()
        return took


CASES = [('the first read of a long log', backlog), ('bans that wait for a slow action', waiting_bans),
         ('an action that sleeps', sleeping_action), ('a locked database', locked_database),
         ('unban --all of many bans', all_unbanned), ('a start in the foreground', started_in_the_foreground),
         ('bad clients', bad_clients)]


def main():
    scale = int(sys.argv[1])
    failed = False
    print(f'1..{len(CASES)}', flush=True)
    for number, (name, case) in enumerate(CASES, 1):
        took = case(scale)
        median, hundredth, slowest = took[len(took) // 2], took[len(took) * 99 // 100], took[-1]
        good = median <= MEDIAN_MAX_SEC and slowest <= SLOWEST_MAX_SEC
        failed = failed or not good
        print(f'{"ok" if good else "not ok"} {number} - {name}: median {median * 1000:.1f} ms, of a hundred {hundredth * 1000:.1f}, '
              f'slowest {slowest * 1000:.1f} ({len(took)} answers)', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
