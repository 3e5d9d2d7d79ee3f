"""The storms of tools/storms, which runs this on a stage of its own.

A storm has a writer of the log, and what goes wrong meanwhile.  What is judged: fail2ban.log, where no address may be banned while
it is banned already, and none twice as a new ban, not even by two servers of which the first was killed (the second restores it);
and the firewall, which in the end drops all of the addresses and no other.
"""

import argparse
import glob
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

LOG = '/var/log/storm/access.log'
SERVER_LOG = '/var/log/fail2ban.log'
DATABASES = '/var/lib/fail2ban'
SOCKET = '/run/fail2ban/fail2ban.sock'
PIDFILE = '/run/fail2ban/fail2ban.pid'
PARTS = 30          # of the lines; after each something happens to the log: every 100 lines of 3,000
SLOW_SEC = 6, 1.6   # so long a slow writer takes for 3,000 lines, and at least for fewer
KILL_SEC = 0.7
PATIENCE_SEC = 8    # without another ban, after the last line
journald = None     # the process, where it is needed
storms = 0          # the number of the present one, so that it does not find another one's lines in the journal
jails = ['storm']   # that read the log; the first is the one that commands are about
END_MARKER = b'<F2B_END_COMMAND>'
JOURNALD, JOURNAL = '/lib/systemd/systemd-journald', '/run/systemd/journal/socket'
JOURNALD_CONF = '''[Journal]
Storage=persistent
RateLimitIntervalSec=0
SystemMaxUse=1G
ReadKMsg=no
Audit=no
ForwardToWall=no
'''

JAIL = r'''[{jail}]
enabled  = true
ignoreip =
ignoreself = false
backend  = {backend}
filter   = storm
action   = iptables-allports[name={jail}, protocol=tcp]
logpath  = {log}
maxretry = 1
findtime = 1d
bantime  = 1d
'''
FILTER = r'''[Definition]
failregex = ^(?:mail)? storm(?:\[\d+\])?: refused <HOST>$
journalmatch = STORM=@number@
'''


def address(number):
    return f'10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}'


def stamp():
    return time.strftime('%Y-%m-%d %H:%M:%S')


def client(*words, timeout=30):
    return subprocess.run(['fail2ban-client', *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)


def kill_and_restart():
    try:
        with open(PIDFILE) as file:
            os.kill(int(file.read()), signal.SIGKILL)
    except (OSError, ValueError):
        pass    # it is just being started anew
    # It leaves its rules behind: what is there in the end is what the last server knows
    for jail in jails:
        subprocess.run(['iptables', '-F', f'f2b-{jail}'], stderr=subprocess.DEVNULL)
    client('-x', 'start')


# --- writers ----------------------------------------------------------------------------------------------------------------

class Writer:
    """Writes the lines, one write each, between them those of innocents, and calls rotate after each part."""

    least_sec = SLOW_SEC[1]
    is_slow = False    # each part at full speed, but with pauses between them, so that something can go wrong meanwhile

    def __init__(self, count):
        self.count = count
        self.every = max(count // PARTS, 1)
        self.pause_sec = max(SLOW_SEC[0] * count / 3000, self.least_sec) / PARTS if self.is_slow else 0
        self.rotations = 0
        self.written = 0
        self.open()

    def open(self):
        self.fd = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def put(self, data):
        os.write(self.fd, data)

    def line(self, number):
        self.put(f'{stamp()} storm: refused {address(number)}\n'.encode())
        if number % 10 == 0:
            self.put(f'{stamp()} storm: accepted 172.16.{number >> 8 & 255}.{number & 255}\n'.encode())

    def rotate(self):
        pass

    def close(self):
        os.close(self.fd)

    def run(self):
        for number in range(1, self.count + 1):
            self.line(number)
            self.written = number
            if number % self.every == 0 and number < self.count:
                self.rotate()
                self.rotations += 1
                if self.pause_sec:
                    time.sleep(self.pause_sec)
        self.close()


class Renaming(Writer):
    def rotate(self):
        os.close(self.fd)
        os.rename(LOG, f'{LOG}.{self.rotations + 1}')
        self.open()


class Shifting(Writer):
    """As logrotate does it: .1 becomes .2, and so on."""

    def rotate(self):
        os.close(self.fd)
        for number in range(self.rotations, 0, -1):
            os.rename(f'{LOG}.{number}', f'{LOG}.{number + 1}')
        os.rename(LOG, f'{LOG}.1')
        self.open()


class Copying(Writer):
    """copytruncate: as many bytes are written then as were there before, or more, so that the size tells nothing."""

    def rotate(self):
        for number in range(self.rotations, 0, -1):
            os.rename(f'{LOG}.{number}', f'{LOG}.{number + 1}')
        shutil.copyfile(LOG, f'{LOG}.1')
        os.ftruncate(self.fd, 0)


class Replacing(Writer):
    """A new file takes the name, and the old one is gone with it: it has to be opened while it is there, so not too quickly."""

    is_slow = True
    least_sec = SLOW_SEC[0]

    def rotate(self):
        os.close(self.fd)
        self.fd = os.open(LOG + '~', os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o644)
        os.rename(LOG + '~', LOG)


class Pieces(Writer):
    def put(self, data):
        while data:
            size = random.randint(1, 20)
            os.write(self.fd, data[:size])
            data = data[size:]


class Garbage(Writer):
    def line(self, number):
        if number % 10 == 0:
            self.put(os.urandom(random.randint(0, 300)) + b'\n')
        if number % 300 == 150:
            self.put(b'\0' * 1024 * 1024 + b'\n')
        if number % 300 == 151:
            self.put(b'x' * (1024 * 1024 - 40) + b' storm: refused 10.255.0.1\n')
        if number % 300 == 152:
            self.put(stamp().encode() + b' storm: refused 10.255.0.2' + b'\xff' * 1024 * 1024 + b'\n')
        super().line(number)


class Slow(Writer):
    is_slow = True


class Journal(Writer):
    """To a journald of our own, which tells the lines to who reads the journal."""

    is_slow = True

    def open(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.connect(JOURNAL)
        self.fd = self.socket.fileno()

    def put(self, data):
        message = data.decode().rstrip().split(' storm: ')[1]
        self.socket.send(f'PRIORITY=6\nSYSLOG_IDENTIFIER=storm\nSTORM={storms}\nMESSAGE={message}\n'.encode())

    def close(self):
        self.socket.close()


class RotatedJournal(Journal):
    """The file in use is put aside, and a new one begun."""

    def rotate(self):
        journald.send_signal(signal.SIGUSR2)


class SlowRenaming(Renaming):
    is_slow = True


class SlowShifting(Shifting):
    is_slow = True


class SlowCopying(Copying):
    is_slow = True


# --- what goes wrong --------------------------------------------------------------------------------------------------------

class Peace:
    """Nothing goes wrong."""

    killed_at_end = False

    def __init__(self, writer):
        self.writer = writer
        self.count = 0
        self.over = threading.Event()
        self.threads = []

    def start(self):
        pass

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def in_thread(self, function):
        thread = threading.Thread(target=function, daemon=True)
        thread.start()
        self.threads.append(thread)

    def figures(self):
        return ''


class Kills(Peace):
    def start(self):
        self.in_thread(self.kill)

    def kill(self):
        while not self.over.wait(KILL_SEC):
            kill_and_restart()
            self.count += 1

    def figures(self):
        return f', {self.count} kills'


class Reloads(Peace):
    COMMANDS = ['reload'], ['restart'], ['reload', 'storm'], ['reload', '--restart', 'storm'], ['restart', 'storm']

    def start(self):
        self.in_thread(self.reload)

    def reload(self):
        while not self.over.is_set():
            client(*self.COMMANDS[self.count % len(self.COMMANDS)])
            self.count += 1

    def figures(self):
        return f', {self.count} reloads and restarts'


class KillsAndReloads(Reloads, Kills):
    COMMANDS = ['reload'], ['reload', 'storm'], ['reload', '--restart', 'storm'], ['restart', 'storm']

    def start(self):
        Reloads.start(self)
        Kills.start(self)

    def figures(self):
        return f', {self.count} kills, reloads and restarts'


class FullDisk(Peace):
    """The disk is full while the middle third is written; what was not stored then has to be known after a kill, too."""

    killed_at_end = True
    FILLER = DATABASES + '/filler'

    def start(self):
        self.in_thread(self.fill)

    def reached(self, part):
        while self.writer.written < self.writer.count * part and not self.over.wait(0.01):
            pass

    def fill(self):
        self.reached(1 / 3)
        with open(self.FILLER, 'wb', buffering=0) as file:
            for size in 65536, 4096, 1:
                try:
                    while True:
                        file.write(b'x' * size)
                except OSError:
                    pass
        self.reached(2 / 3)
        os.unlink(self.FILLER)

    def stop(self):
        super().stop()
        with open(SERVER_LOG, errors='replace') as file:
            self.count = sum('database or disk is full' in line for line in file)

    def figures(self):
        return f', {self.count} complaints of a full disk'


class Rubbish(Peace):
    def start(self):
        for _ in range(4):
            self.in_thread(self.talk)
        self.slowest = 0
        self.in_thread(self.ping)

    def ping(self):
        while not self.over.wait(0.1):
            began = time.monotonic()
            if client('ping').returncode != 0:
                self.slowest = 99
            self.slowest = max(self.slowest, time.monotonic() - began)

    def talk(self):
        kinds = [
            lambda: os.urandom(random.randint(1, 5000)),
            lambda: os.urandom(random.randint(0, 50)) + END_MARKER,
            lambda: b'\x80\x04\x95' + os.urandom(30) + END_MARKER,
            lambda: b'\x80\x02' + b'(' * 10000 + END_MARKER,
            lambda: b'\x80\x02]q\x00(U\x04statU' + END_MARKER[:9],
            lambda: b'A' * 300000,
            lambda: END_MARKER * 50,
            lambda: b'',
        ]
        open_ends = []
        while not self.over.wait(0.002):
            peer = socket.socket(socket.AF_UNIX)
            peer.settimeout(0.05)
            try:
                peer.connect(SOCKET)
                peer.sendall(random.choice(kinds)())
                self.count += 1
                if random.random() < 0.3:
                    peer.recv(100)
            except OSError:
                pass
            open_ends = (open_ends + [peer])[-20:]    # many hang around

    def figures(self):
        return f', {self.count} rubbish clients, slowest ping {self.slowest * 1000:.0f} ms'


FILES = 'pyinotify', 'polling'
STORMS = {
    # name: (writer, what goes wrong, backends)
    'renamed': (Renaming, Peace, FILES),
    'shifted': (Shifting, Peace, FILES),
    'replaced': (Replacing, Peace, ('pyinotify',)),    # with polling what was made and unlinked between two polls is beyond reach
    'copied': (Copying, Peace, FILES),
    'pieces': (Pieces, Peace, FILES),
    'garbage': (Garbage, Peace, FILES),
    'killed': (Slow, Kills, FILES),
    'killed-renamed': (SlowRenaming, Kills, FILES),
    'killed-shifted': (SlowShifting, Kills, FILES),
    'killed-copied': (SlowCopying, Kills, FILES),
    'reloaded': (SlowRenaming, Reloads, FILES),
    'reloaded-copied': (SlowCopying, Reloads, FILES),
    'killed-reloaded': (SlowShifting, KillsAndReloads, FILES),
    'disk-full-renamed': (SlowRenaming, FullDisk, FILES),
    'disk-full': (Slow, FullDisk, FILES),
    'rubbish': (Slow, Rubbish, FILES),
    'journal': (Journal, Peace, ('systemd',)),
    'journal-rotated': (RotatedJournal, Peace, ('systemd',)),
    'journal-killed': (RotatedJournal, Kills, ('systemd',)),
    'journal-reloaded': (RotatedJournal, Reloads, ('systemd',)),
}
BACKENDS = (*FILES, 'systemd')


# --- judging ----------------------------------------------------------------------------------------------------------------

def dropped_by_firewall(jail):
    rules = subprocess.run(['iptables', '-S', f'f2b-{jail}'], capture_output=True, text=True).stdout
    return re.findall(rf'^-A f2b-{jail} -s (\S+?)(?:/32)? ', rules, re.M)


class Verdict:
    def __init__(self, count):
        self.wanted = {address(number) for number in range(1, count + 1)}
        self.lost, self.wrong = [], []
        for jail in jails:
            self.judge(jail)

    def judge(self, jail):
        self.read_log(jail)
        dropped = dropped_by_firewall(jail)
        self.lost += sorted(self.wanted - set(dropped))
        self.wrong += [f'{who} is dropped' for who in set(dropped) - self.wanted]
        self.wrong += [f'{who} has {dropped.count(who)} rules' for who in set(dropped) if dropped.count(who) > 1]

    def read_log(self, jail):
        banned, ever = set(), set()
        with open(SERVER_LOG, errors='replace') as file:
            for line in file:
                if 'Starting Fail2ban' in line:
                    banned.clear()
                match = re.search(rf'\[{jail}\] (Ban|Restore Ban|Unban|Repeal Ban) (\S+)$', line)
                if not match:
                    if re.search(rf'\[{jail}\] \S+ already banned|Traceback|CRITICAL', line):
                        self.wrong.append(line.strip())
                    continue
                verb, who = match.groups()
                if verb == 'Ban' and who in ever or 'Ban' in verb[-3:] and verb != 'Repeal Ban' and who in banned:
                    self.wrong.append(f'banned again: {line.strip()}')
                if verb in ('Ban', 'Restore Ban'):
                    ever.add(who)
                    banned.add(who)
                else:
                    banned.discard(who)


def wait_for_bans(count):
    """All, or those who come as long as they come."""
    dropped = 0
    deadline = time.monotonic() + PATIENCE_SEC
    while time.monotonic() < deadline and dropped < count * len(jails):
        time.sleep(0.1)
        before, dropped = dropped, sum(len(dropped_by_firewall(jail)) for jail in jails)
        if dropped != before:
            deadline = time.monotonic() + PATIENCE_SEC


def prepare(backend):
    shutil.rmtree(os.path.dirname(LOG), ignore_errors=True)
    os.makedirs(os.path.dirname(LOG))
    os.makedirs(os.path.dirname(SOCKET), exist_ok=True)
    for path in glob.glob(DATABASES + '/*'):
        os.unlink(path)
    with open(SERVER_LOG, 'w'), open(LOG, 'w'):
        pass
    with open('/etc/fail2ban/jail.local', 'w') as file:
        file.writelines(JAIL.format(jail=jail, backend=backend, log=LOG) for jail in jails)
    with open('/etc/fail2ban/filter.d/storm.conf', 'w') as file:
        file.write(FILTER.replace('@number@', str(storms)))


def start_journald():
    """For the stage: none is running here."""
    with open('/etc/systemd/journald.conf', 'w') as file:
        file.write(JOURNALD_CONF)
    with open('/etc/machine-id', 'w') as file:
        file.write('5' * 32 + '\n')
    os.makedirs('/var/log/journal', exist_ok=True)
    os.makedirs('/run/systemd/journal', exist_ok=True)
    open('/run/systemd/journal/flushed', 'w').close()    # or it would wait for systemd to tell it that /var is there
    process = subprocess.Popen([JOURNALD], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE_SEC
    while not os.path.exists(JOURNAL):
        if time.monotonic() > end or process.poll() is not None:
            sys.exit('Bail out! journald does not start')
        time.sleep(0.01)
    return process


def storm(name, backend, count):
    global storms
    storms += 1
    writer_class, trouble_class, _ = STORMS[name]
    prepare(backend)
    answer = client('start')
    if answer.returncode != 0:
        return [], [f'the server does not start: {answer}'], ''
    began = time.monotonic()
    writer = writer_class(count)
    trouble = trouble_class(writer)
    trouble.start()
    writer.run()
    written = time.monotonic()
    trouble.stop()
    wait_for_bans(count)
    took = time.monotonic() - written
    if trouble.killed_at_end:
        time.sleep(0.5)
        kill_and_restart()
        wait_for_bans(count)
    time.sleep(1.2 if backend == 'polling' else 0.2)    # something wrong could come still
    verdict = Verdict(count)
    if trouble_class is not Peace and trouble.count == 0:
        verdict.wrong.append('there was no storm')
    client('stop')
    figures = f'written in {written - began:.2f} s, all banned {took:.2f} s later{trouble.figures()}'
    return verdict.lost, verdict.wrong, figures


def keep(name, backend):
    folder = os.environ.get('STORM_KEEP')
    if folder:
        target = f'{folder}/{name}-{backend}'
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree('/var/log', target)


def main():
    parser = argparse.ArgumentParser(prog='tools/storms BUILD', epilog='storms: ' + ' '.join(STORMS))
    parser.add_argument('-n', dest='count', type=int, default=3000, help='lines')
    parser.add_argument('-r', dest='rounds', type=int, default=1)
    parser.add_argument('-j', dest='jails', type=int, default=1, help='so many jails on the log, all alike: each has to ban all')
    parser.add_argument('-b', dest='backends', choices=BACKENDS, action='append', help='only this one')
    parser.add_argument('storms', nargs='*', metavar='STORM')
    args = parser.parse_args()
    for name in set(args.storms) - set(STORMS):
        parser.error(f'there is no storm {name}')
    jails.extend(f'storm{number}' for number in range(2, args.jails + 1))
    # No mount may be left behind but those of the stage
    subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={4 * len(jails)}m', 'databases', DATABASES], check=True)
    global journald
    journald = start_journald() if not args.backends or 'systemd' in args.backends else None
    tests = failed = 0
    for _ in range(args.rounds):
        for name in args.storms or STORMS:
            for backend in STORMS[name][2]:
                if args.backends and backend not in args.backends:
                    continue
                lost, wrong, figures = storm(name, backend, args.count)
                tests += 1
                failed += bool(lost or wrong)
                print(f'{"not " if lost or wrong else ""}ok {tests} - {name}, {backend}: {len(lost)} lost, {len(wrong)} wrong'
                      f' of {args.count} ({figures})', flush=True)
                for text in lost[:5] + wrong[:5]:
                    print(f'#   {text}', flush=True)
                if lost or wrong:
                    keep(name, backend)
    print(f'1..{tests}')
    return 1 if failed else 0


sys.exit(main())
