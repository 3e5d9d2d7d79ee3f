"""The work of tools/actions-test, which see: runs on the stage only.

usage: actions-test.py BUILD CONFIG-DIR CASES [NAME…]     all cases, several at once
       actions-test.py --one BUILD CONFIG-DIR CASE FIREWALL     one, within namespaces of its own; prints the case as it was
"""
import concurrent.futures
import difflib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

JAIL = 'stock'
RECORDED = '''afctl apf apprise conntrack csf curl dig file firewall-cmd geoiplookup ipf ipfw mail nginx npfctl nsupdate pfctl
              sendmail shorewall shorewall6 ss ssh ufw wget whois'''.split()
ABSOLUTE = ('/usr/sbin', '/usr/bin', '/usr/libexec')     # where stock actions name tools by their path

# A recorder: one file a call, named by the time it ended, so that the end of a pipe comes after what feeds it
RECORDER = r'''#!/bin/sh
file=$(mktemp /run/stock/calls/.XXXXXX)
printf '%s\0' "${0##*/}" "$@" >"$file"
printf '\0' >>"$file"
if [ -p /dev/stdin ]; then cat >>"$file"; fi
mv "$file" "/run/stock/calls/$(date +%s%N)"
if [ -e "/run/stock/reply/${0##*/}" ]; then . "/run/stock/reply/${0##*/}"; fi
'''

# Comes after the action under test, so when it has done something that action has, too
MARK = '''[Definition]
actionstart = echo start >>/run/stock/marks
actionstop = echo stop >>/run/stock/marks
actionban = echo "ban <ip> <failures> <restored>" >>/run/stock/marks
actionunban = echo "unban <ip>" >>/run/stock/marks
'''

LINE = r'''%s - "it's" $(touch /run/stock/hole) `touch /run/stock/hole` \n %%s é <b> & ; #%d'''


def lines(address):
    return [LINE % (address, number) for number in (1, 2, 3)]


# name, arguments of fail2ban-client, what the marks end with when it is done
STEPS = [
    ('start', ['start'], r'start$'),
    ('IPv4 offender', ['set', JAIL, 'attempt', '192.0.2.1'] + lines('192.0.2.1'), r'ban 192\.0\.2\.1 .*$'),
    ('IPv6 offender', ['set', JAIL, 'attempt', '2001:db8::1'] + lines('2001:db8::1'), r'ban 2001:db8::1 .*$'),
    ('by hand', ['set', JAIL, 'banip', '192.0.2.3'], r'ban 192\.0\.2\.3 .*$'),
    ('IPv4 forgiven', ['set', JAIL, 'unbanip', '192.0.2.1'], r'unban 192\.0\.2\.1$'),
    ('IPv6 forgiven', ['set', JAIL, 'unbanip', '2001:db8::1'], r'unban 2001:db8::1$'),
    ('again', ['set', JAIL, 'banip', '192.0.2.1', '2001:db8::1'], r'ban 2001:db8::1 .*$'),
    ('reload', ['reload'], None),
    ('all forgiven', ['unban', '--all'], r'(unban \S+\n){2}unban \S+$'),
    ('once more', ['set', JAIL, 'banip', '192.0.2.4', '2001:db8::4'], r'ban 2001:db8::4 .*$'),
    ('jail restarted', ['reload', '--restart', JAIL], r'start\nban \S+ .*\nban \S+ .*$'),
    ('stop', ['stop'], None),
]


def normal(text):
    """Without what is never the same twice: times, process ids."""
    text = re.sub(r'\b[A-Z][a-z]{2},? +(\d+ [A-Z][a-z]{2}|[A-Z][a-z]{2} +\d+),? +(\d{4} )?\d\d:\d\d:\d\d'
                  r'( [+-]\d{4}| UTC \d{4}| [AP]M UTC \d{4})?', 'DATE', text)
    text = re.sub(r'\d{4}-\d\d-\d\d[ +]\d\d:\d\d:\d\d(,\d+)?', 'DATE', text)
    text = re.sub(r'(?<!\d)1[5-9]\d{8}\.\d+', 'SECONDS.FRACTION', text)
    text = re.sub(r'(?<!\d)1[5-9]\d{8}(?!\d)', 'SECONDS', text)
    text = re.sub(r'\b(ip6?tables|ipset) v[\d.]+( \(\w+\))?', r'\1 VERSION', text)
    text = re.sub(r'last_seen: \d+ oldest_pkt: \d+( \d+,?)*', 'last_seen: TICKS', text)
    text = re.sub(r'0x[0-9a-f]{6,}', 'POINTER', text)
    return text


def digest(text):
    return hashlib.sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()[:16]


def word(text, length=48):
    """A text as it is when it is short, or its digest."""
    text = normal(text)
    if len(text) > length or '\n' in text:
        return '{%d lines, %s}' % (text.count('\n') + 1, digest(text))
    return text if re.fullmatch(r'[\w@%+=:,./-]+', text, re.A) else "'%s'" % text


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding='utf-8',
                          errors='surrogateescape').stdout


def show_iptables():
    for program in 'iptables', 'ip6tables':
        for line in output(program + '-save').split('\n'):
            line = re.sub(r' \[\d+:\d+\]$', '', line).strip()
            # Which tables and empty chains exist depends on the firewall and the kernel
            if re.match(r'-|:(?!(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) )', line):
                yield '%s %s' % (program, line)


def show_ipset():
    # What belongs to a set stands in the order of a hash
    for line in sorted(output('ipset', 'save').split('\n'), key=lambda line: (line.split()[1:2], line[0:1] != 'c', line)):
        if line:
            yield re.sub(r' (initval|hashsize|bucketsize) \S+', '', re.sub(r'(?<=^add)(.* timeout )[1-9]\d*', r'\1N', line))


def show_nft():
    text = output('nft', 'list', 'ruleset')
    text = re.sub(r'(?m)^# Warning: table .*\n', '', text)
    text = re.sub(r'(?ms)^table \S+ (filter|nat|mangle|raw|security) \{$.*?^\}\n', '', text)
    text = re.sub(r'elements = \{([^}]*)\}',
                  lambda m: 'elements = { %s }' % ', '.join(sorted(m[1].replace(',', ' ').split())), text)
    for line in text.split('\n'):
        if line:
            yield line.replace('\t', '  ')


def show_route():
    for family in '-4', '-6':
        for line in output('ip', family, 'route').split('\n'):
            if line:
                yield 'route %s %s' % (family, re.sub(r' pref \w+| metric \d+', '', line.strip()))


def show_file(path):
    if os.path.isdir(path):
        for name in sorted(os.listdir(path)):
            yield from show_file(os.path.join(path, name))
    elif os.path.isfile(path):
        text = normal(open(path, encoding='utf-8', errors='surrogateescape').read())
        lines = text.split('\n')
        lines.pop()
        if len(lines) < 8 and all(len(line) < 60 for line in lines):
            for line in lines or ['']:
                yield '%s: %s' % (path, line)
        else:
            yield '%s: %s' % (path, word(text))


SHOW = {'iptables': show_iptables, 'ipset': show_ipset, 'nft': show_nft, 'route': show_route}


def read_case(path):
    """The head's lines as they are, its values, and the rest."""
    text = open(path, encoding='utf-8').read()
    head, _, rest = text.partition('\n== ')
    values = {}
    for line in re.sub(r'\n[ \t]+', '\n\t', head).replace('\n\t', '\v').split('\n'):
        if line and not line.startswith('#'):
            name, _, value = line.partition(' ')
            values.setdefault(name, []).append(value.strip().replace('\v', '\n         '))
    return head.rstrip('\n'), values, '== ' + rest if rest else ''


class Life:
    """One jail from start to stop, in namespaces that are its own; prints what happened."""

    def __init__(self, config, values, firewall):
        self.values, self.shown, self.log_at, self.keep = values, [], 0, []
        for folder in '/run/stock', '/run/fail2ban', '/etc/nginx', '/etc/symbiosis/firewall/blacklist.d':
            os.makedirs(folder, exist_ok=True)
            subprocess.run(['mount', '-t', 'tmpfs', 'stage', folder], check=True)
        for folder in 'calls', 'reply', 'config/action.d', 'config/filter.d':
            os.makedirs('/run/stock/' + folder)
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
        os.environ['PATH'] = '/run/recorders:' + os.environ['PATH']
        if firewall != 'nft':
            # The stage's own links lead to the nf_tables variant: the other one's programs over them, for this case
            for program in 'iptables', 'ip6tables':
                for part in '', '-save', '-restore':
                    os.makedirs('/run/stock/tools', exist_ok=True)
                    os.symlink(shutil.which(program + '-' + firewall + part), '/run/stock/tools/' + program + part)
            os.environ['PATH'] = '/run/stock/tools:' + os.environ['PATH']
        for reply in values.get('reply', []):
            tool, pattern, text = reply.split(' ', 2)
            with open('/run/stock/reply/' + tool, 'a', encoding='utf-8') as file:
                file.write("case \"$*\" in %s) printf '%%b\\n' '%s';; esac\n" % (pattern, text))
        for name in os.listdir(config + '/action.d'):
            os.symlink(os.path.join(config, 'action.d', name), '/run/stock/config/action.d/' + name)
        self.write('config/action.d/stage-mark.conf', MARK)
        self.write('config/filter.d/stage.conf', '[Definition]\nfailregex = ^\\s*<HOST> fails$\n')
        self.write('log', ''.join('2020-02-02 02:02:02 %s fails\n' % address
                                 for address in ('192.0.2.1', '2001:db8::1', '192.0.2.11', '192.0.2.1')))
        self.write('config/fail2ban.conf', '''[Definition]
loglevel = INFO
logtarget = /run/stock/server.log
syslogsocket = auto
socket = /run/stock/socket
pidfile = /run/stock/pid
dbfile = /run/stock/db
dbpurgeage = 1d
dbmaxmatches = 10
''')
        self.write('config/jail.conf', '''[DEFAULT]
bantime = 600
findtime = 600
maxretry = 3
[%s]
enabled = true
filter = stage
backend = polling
logpath = /run/stock/log
action = %s
         stage-mark
''' % (JAIL, values['action'][0]))

    @staticmethod
    def write(name, text):
        with open('/run/stock/' + name, 'w', encoding='utf-8') as file:
            file.write(text)

    def calls(self):
        for name in sorted(name for name in os.listdir('/run/stock/calls') if not name.startswith('.')):
            path = '/run/stock/calls/' + name
            with open(path, encoding='utf-8', errors='surrogateescape') as file:
                arguments, _, text = file.read().partition('\0\0')
            os.unlink(path)
            self.keep.append('call %s\n%s' % (arguments.replace('\0', ' | '), text))
            yield 'call ' + ' '.join(map(word, arguments.split('\0'))) + (' < ' + word(text, 24) if text else '')

    def log(self):
        try:
            with open('/run/stock/server.log', encoding='utf-8', errors='surrogateescape') as file:
                file.seek(self.log_at)
                text = file.read()
                self.log_at = file.tell()
        except FileNotFoundError:
            return
        self.keep.append(text)
        for entry in re.split(r'(?m)^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} )', text):
            m = re.match(r'\S+ \S+ (fail2ban\.\w+) +\[\d+\]: (WARNING|ERROR|CRITICAL) +(.*)', entry.rstrip('\n'), re.S)
            if m:
                line = normal(re.sub(r'^[0-9a-f]{6,} -- ', 'COMMAND -- ', m[3]))
                m2 = re.match(r"(.*?(?:-- exec: |-- stdout: |-- stderr: | info ))(.*)", line, re.S)
                line = m2[1] + word(m2[2]) if m2 else word(line) if '\n' in line else line
                yield 'log %s %s: %s' % (m[2], m[1], line)

    def state(self):
        for what in self.values.get('show', []):
            yield from SHOW[what]() if what in SHOW else show_file(what)
        yield from show_file('/run/fail2ban')

    def marks(self):
        try:
            with open('/run/stock/marks', encoding='utf-8') as file:
                return file.read()
        except FileNotFoundError:
            return ''

    def step(self, name, arguments, until):
        print('\n== ' + name)
        before, done = len(self.marks()), time.monotonic() + 20
        run = subprocess.run(['fail2ban-client', '-c', '/run/stock/config'] + arguments, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8', errors='surrogateescape',
                             timeout=60)
        if name not in ('start', 'stop'):
            for line in normal(run.stdout).rstrip('\n').split('\n'):
                print('says', line)
        if run.returncode:
            print('exit status %d' % run.returncode)
        while not re.search(until or '', self.marks()[before:].rstrip('\n')) or \
                (name == 'stop' and os.path.exists('/run/stock/pid')):
            if time.monotonic() > done:
                print('waited in vain')
                break
            time.sleep(0.01)
        for line in self.marks()[before:].rstrip('\n').split('\n'):
            if line:
                print('mark', line)
        for line in self.log():
            print(line)
        for line in self.calls():
            print(line)
        state = list(self.state())
        # What went, with the place it had, and what came, with the place it has
        for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, self.shown, state, False).get_opcodes():
            if kind != 'equal':
                for at in range(i1, i2):
                    print('-%d %s' % (at + 1, self.shown[at]))
                for at in range(j1, j2):
                    print('+%d %s' % (at + 1, state[at]))
        self.shown = state

    def live(self):
        for name, arguments, until in STEPS:
            if name not in ' '.join(self.values.get('without', [])):
                self.keep.append('== ' + name)
                self.step(name, arguments, until)
        if os.path.exists('/run/stock/hole'):
            print('\na line of the log was run as a command')


def one(config, path, firewall):
    sys.stdout.reconfigure(encoding='utf-8', errors='surrogateescape')
    life = Life(config, read_case(path)[1], firewall)
    for command in life.values.get('needs', []):
        if subprocess.run(['sh', '-c', command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            print('SKIP this kernel does not do: ' + command)
            return
    life.live()
    keep = os.environ.get('ACTIONS_KEEP')
    if keep:
        name = '%s-%s' % (os.path.basename(path)[:-4], firewall)
        with open(os.path.join(keep, name), 'w', encoding='utf-8', errors='surrogateescape') as file:
            file.write('\n'.join(life.keep))


def set_up():
    """The recorders, once for all cases: in a folder of PATH, and where actions name a tool by its path."""
    os.makedirs('/run/recorders')
    with open('/run/recorder', 'w', encoding='utf-8') as file:
        file.write(RECORDER)
    os.chmod('/run/recorder', 0o755)
    for name in RECORDED:
        os.symlink('/run/recorder', '/run/recorders/' + name)
    for folder in ABSOLUTE:
        if not os.path.isdir(folder):
            continue
        behind = '/run/behind' + folder
        os.makedirs(behind)
        subprocess.run(['mount', '--bind', folder, behind], check=True)
        names = os.listdir(behind)
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'stage', folder], check=True)
        for name in names:
            if name not in RECORDED:
                os.symlink(os.path.join(behind, name), os.path.join(folder, name))
        for name in RECORDED:
            os.symlink('/run/recorder', os.path.join(folder, name))
    open('/etc/hosts.deny', 'w', encoding='utf-8').close()
    os.environ['TZ'] = 'UTC'


def run_one(build, config, path, firewall):
    run = subprocess.run(['unshare', '-n', '-m', '-p', '-f', '--kill-child', '--mount-proc',
                          sys.executable, os.path.abspath(__file__), '--one', build, config, path, firewall],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8',
                         errors='surrogateescape', timeout=120)
    return run.stdout.strip('\n').split('\n')


def main(build, config, cases, names):
    record = os.environ.get('ACTIONS_RECORD')
    set_up()
    todo = []
    for name in sorted(os.listdir(cases)):
        if name.endswith('.txt') and (not names or name[:-4] in names):
            path = os.path.join(cases, name)
            head, values, wanted = read_case(path)
            firewalls = ' '.join(values.get('firewall', ['nft'])).split()
            for firewall in firewalls[:1] if record else firewalls:
                title = name[:-4] + (' with iptables-' + firewall if len(firewalls) > 1 else '')
                todo.append((title, path, firewall, head, wanted))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(os.environ.get('ACTIONS_JOBS', 4))) as pool:
        runs = [pool.submit(run_one, build, config, path, firewall) for _, path, firewall, _, _ in todo]
        for number, ((title, path, _, head, wanted), run) in enumerate(zip(todo, runs), 1):
            try:
                got = run.result()
            except subprocess.TimeoutExpired:
                got = ['it hangs']
            if record:
                with open(os.path.join(record, os.path.basename(path)), 'w', encoding='utf-8', errors='surrogateescape') as file:
                    file.write(head + '\n\n' + '\n'.join(got) + '\n')
                continue
            if got[0].startswith('SKIP'):
                print('ok %d - %s # %s' % (number, title, got[0]))
                continue
            good = got == wanted.strip('\n').split('\n')
            failed += not good
            print('%sok %d - %s' % ('' if good else 'not ', number, title))
            if not good:
                for line in difflib.unified_diff(wanted.strip('\n').split('\n'), got, 'wanted', 'got', n=4, lineterm=''):
                    print('# ' + line)
            sys.stdout.flush()
    if not record:
        print('1..%d' % len(todo))
    return 1 if failed else 0


sys.stdout.reconfigure(encoding='utf-8', errors='backslashreplace')
if sys.argv[1] == '--one':
    one(*sys.argv[3:])
else:
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
