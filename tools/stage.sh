# A mail host of our own to run the user's story on, for tools/demo and tools/exim-test (sourced by them, bash).
#
# It is this machine with namespaces of its own: network, mounts, processes, host name.  /etc is a copy, /run, /var/log,
# /var/lib and /var/spool are empty, so that the programs work with their usual paths and the host's stay as they are; when the
# stage ends, every process and every rule on it is gone.
#
#   stage_enter "$@"              runs the calling script anew on the stage (root; skips aloud otherwise)
#   stage_set_up BUILD IPTABLES   installs BUILD's programs and our configuration; IPTABLES (legacy, nft) is the system's iptables
#   stage_peers                   a second host, the outer world, with the addresses 192.0.2.1 to 192.0.2.250
#   peer COMMAND…                 runs a command over there
#   wait_for REGEX FILE           until a line of a growing file matches (20 s)
#   wait_until COMMAND…           until a command succeeds (20 s)
#
# The mail host has the address 198.51.100.1.

stage_enter ()
{
  [ -z "${FAIL2BAN_STAGE-}" ] || return 0
  if [ "$(id -u)" != 0 ] || ! unshare -n -m -p -u -i -f --kill-child --mount-proc true 2>/dev/null; then
    if [ -n "${FAIL2BAN_ROOT_PROMISED-}" ]; then
      echo "FAILED: $(basename "$0") needs root and namespaces, which were promised here" >&2
      exit 1
    fi
    echo "SKIPPED: $(basename "$0") needs root and namespaces" >&2
    exit 77
  fi
  # Not as process 1, whose children some daemons (exim) take for restarts of themselves
  FAIL2BAN_STAGE=1 exec unshare -n -m -p -u -i -f --kill-child --mount-proc bash -c '"$@"; exit $?' stage bash "$0" "$@"
}

stage_set_up ()
{
  local build=$1 variant=$2 own folder program
  [ -n "${FAIL2BAN_STAGE-}" ] || { echo "stage_set_up: not on the stage" >&2; exit 1; }

  own=$(mktemp -d /tmp/fail2ban-stage.XXXXXX)
  mount -t tmpfs -o mode=755 stage "$own"
  cp -a /etc "$own/etc"
  mount --bind "$own/etc" /etc
  for folder in /run /var/log /var/lib /var/spool; do
    mount -t tmpfs -o mode=755 stage $folder
  done
  mkdir -p /run/lock
  hostname mail
  ip link set lo up
  # There is no name server on the stage: names are what this file says, and asking never waits.
  printf '%s\n' '127.0.0.1 localhost' '::1 localhost' '198.51.100.1 mail.example.org mail' >/etc/hosts
  sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf
  grep -q '^hosts:' /etc/nsswitch.conf || echo 'hosts: files' >>/etc/nsswitch.conf
  : >/etc/resolv.conf

  for program in iptables ip6tables; do
    ln -sfn "$(readlink -f "$(command -v $program-$variant)" | xargs dirname)/$program-$variant" "/etc/alternatives/$program"
    ln -sfn "$(dirname "$(command -v $program-$variant)")/$program-$variant-save" "/etc/alternatives/$program-save"
    ln -sfn "$(dirname "$(command -v $program-$variant)")/$program-$variant-restore" "/etc/alternatives/$program-restore"
  done

  PATH=$build:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  export PATH LC_ALL=C.UTF-8

  # What a package would do
  rm -rf /etc/fail2ban
  mkdir -p /etc/fail2ban/jail.d /etc/fail2ban/fail2ban.d /var/lib/fail2ban
  cp -r "$top/config/." /etc/fail2ban/

  # What the administrator did
  mkdir -p /var/log/exim
  cp "$top/test-data/exim/jail.local" /etc/fail2ban/jail.local
  cp "$top/test-data/exim/exim.conf" /etc/fail2ban/filter.d/exim.conf
}

stage_peers ()
{
  local i
  unshare -n sleep infinity &
  peer_pid=$!
  # The new namespace is there when it differs from ours
  until [ "$(readlink /proc/$peer_pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
  ip link add stage0 type veth peer name peer0 netns $peer_pid
  ip addr add 198.51.100.1/24 dev stage0
  ip link set stage0 up
  peer ip link set lo up
  for i in $(seq 1 250); do echo "addr add 192.0.2.$i/32 dev peer0"; done | peer ip -batch -
  peer ip link set peer0 up
  peer ip route add 198.51.100.0/24 dev peer0
  ip route add 192.0.2.0/24 dev stage0
}

peer ()
{
  nsenter -t "$peer_pid" -n -- "$@"
}

wait_for ()
{
  if ! grep -Eq -m1 -- "$1" < <(exec timeout 20 tail -n +1 -F "$2" 2>/dev/null); then
    echo "waited in vain for /$1/ in $2, which holds:" >&2
    cat "$2" >&2 || true
    return 1
  fi
}

wait_until ()
{
  local end=$((SECONDS + 20))
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $end ]; then
      echo "waited in vain for: $*" >&2
      return 1
    fi
  done
}
