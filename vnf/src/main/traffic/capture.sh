#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Captures mixed.pcap.gz and edge.pcap.gz again: client, router and server namespaces, real programs between them, tcpdump on
# the client's interface. Needs root and the Debian packages in README.md. Everything it makes it removes.
#
#   capture.sh [OUTPUT-FOLDER]      default: the folder of this script
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath "${1:-$here}")
python=/usr/bin/python3
[ "$(id -u)" = 0 ] || { echo "capture.sh: run as root, it makes network namespaces" >&2; exit 1; }
for tool in ip ethtool tcpdump nginx dnsmasq dig curl sshd ssh scp ssh-keygen openssl ping "$python"; do
  command -v "$tool" >/dev/null || { echo "capture.sh: $tool is missing, see README.md for the packages" >&2; exit 1; }
done

client=capture-$$-client router=capture-$$-router server=capture-$$-server
work=$(mktemp -d /tmp/capture.XXXXXX)
chmod 711 "$work" # nginx's worker is not root
servers=()
tcpdump_pid=
load_pid=
made_run_sshd=

stop() { # stop PID: ends one process of ours, waits for it
  kill "$1" 2>/dev/null || return 0
  wait "$1" 2>/dev/null || true
}

cleanup() {
  [ -z "$load_pid" ] || stop "$load_pid"
  [ -z "$tcpdump_pid" ] || stop "$tcpdump_pid"
  for pid in "${servers[@]}"; do stop "$pid"; done
  for ns in "$client" "$router" "$server"; do ip netns del "$ns" 2>/dev/null || true; done
  rm -rf "$work"
  [ -z "$made_run_sshd" ] || rmdir /run/sshd
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# --- namespaces -----------------------------------------------------------------------------------------------------------
# link NS DEVICE MAC: no offloads, so that the capture has wire-sized frames and right checksums; 1400 leaves room for
# VXLAN-GPE and NSH within 1500.
link() {
  ip -n "$1" link set "$2" address "$3" mtu 1400
  ip netns exec "$1" ethtool -K "$2" tx off rx off sg off tso off gso off gro off >/dev/null
  ip netns exec "$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=0" "net.ipv6.conf.$2.dad_transmits=0"
  ip -n "$1" link set "$2" up
}

for ns in "$client" "$router" "$server"; do
  ip netns add "$ns"
  ip -n "$ns" link set lo up
  # Errors are part of the traffic: the kernel shall not hold them back.
  ip netns exec "$ns" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
done
ip link add c0 netns "$client" type veth peer name r0 netns "$router"
ip link add s0 netns "$server" type veth peer name r1 netns "$router"
link "$client" c0 02:00:00:00:01:01
link "$router" r0 02:00:00:00:01:02
link "$router" r1 02:00:00:00:02:02
link "$server" s0 02:00:00:00:02:01
ip netns exec "$router" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n "$router" address add 192.0.2.1/24 dev r0
ip -n "$router" address add 2001:db8:1::1/64 dev r0 nodad
ip -n "$router" address add 198.51.100.1/24 dev r1
ip -n "$router" address add 2001:db8:2::1/64 dev r1 nodad
for host in 10 11 12 13 14 15 16 17 18 19; do
  ip -n "$client" address add "192.0.2.$host/24" dev c0
  ip -n "$client" address add "2001:db8:1::$host/64" dev c0 nodad
done
for host in 10 22 53 70; do # web, ssh, names, echo
  ip -n "$server" address add "198.51.100.$host/24" dev s0
  ip -n "$server" address add "2001:db8:2::$host/64" dev s0 nodad
done
ip -n "$client" route add default via 192.0.2.1
ip -n "$client" -6 route add default via 2001:db8:1::1
ip -n "$server" route add default via 198.51.100.1
ip -n "$server" -6 route add default via 2001:db8:2::1

# --- servers --------------------------------------------------------------------------------------------------------------
# serve NAME COMMAND...: a server in the server's namespace; its log is shown when something fails. `ip netns exec` becomes
# the command, so $! is its pid.
serve() {
  local name=$1; shift
  ip netns exec "$server" "$@" >"$work/$name.log" 2>&1 &
  servers+=($!)
}

"$python" "$here/load.py" pages "$work/www"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=www.example.test \
  -addext subjectAltName=DNS:www.example.test -keyout "$work/tls.key" -out "$work/tls.crt" 2>/dev/null
cat >"$work/nginx.conf" <<NGINX
daemon off;
worker_processes 1;
pid $work/nginx.pid;
error_log $work/nginx.err warn;
events { worker_connections 4096; }
http {
  access_log off;
  server_tokens off;
  default_type text/plain;
  keepalive_timeout 120s;
  client_body_temp_path $work/body;
  proxy_temp_path $work/proxy;
  fastcgi_temp_path $work/fastcgi;
  uwsgi_temp_path $work/uwsgi;
  scgi_temp_path $work/scgi;
  server {
    listen 198.51.100.10:80 backlog=2048;
    listen [2001:db8:2::10]:80 backlog=2048;
    listen 198.51.100.10:443 ssl;
    listen [2001:db8:2::10]:443 ssl;
    server_name www.example.test;
    ssl_certificate $work/tls.crt;
    ssl_certificate_key $work/tls.key;
    root $work/www;
    location /post { return 200 "accepted\n"; }
    location /paced/ { alias $work/www/; limit_rate 12k; }
  }
}
NGINX
serve nginx "$(command -v nginx)" -p "$work" -e "$work/nginx.err" -c "$work/nginx.conf"

long=$("$python" "$here/load.py" words 220)
serve dnsmasq "$(command -v dnsmasq)" --keep-in-foreground --conf-file=/dev/null --pid-file= --user=root --no-resolv --no-hosts \
  --bind-interfaces --listen-address=198.51.100.53,2001:db8:2::53 --local=/test/ \
  --host-record=www.example.test,198.51.100.10,2001:db8:2::10 --host-record=ssh.example.test,198.51.100.22,2001:db8:2::22 \
  --host-record=echo.example.test,198.51.100.70,2001:db8:2::70 --cname=files.example.test,www.example.test \
  --txt-record=note.example.test,"a short note" \
  --txt-record=long.example.test,"1 $long" --txt-record=long.example.test,"2 $long" --txt-record=long.example.test,"3 $long" \
  --txt-record=long.example.test,"4 $long" --txt-record=long.example.test,"5 $long" --txt-record=long.example.test,"6 $long" \
  --txt-record=long.example.test,"7 $long" --txt-record=long.example.test,"8 $long"

[ -d /run/sshd ] || { mkdir -m 755 /run/sshd; made_run_sshd=yes; } # sshd insists on it
ssh-keygen -q -t ed25519 -N '' -C throw-away -f "$work/host_key"
ssh-keygen -q -t ed25519 -N '' -C throw-away -f "$work/user_key"
cat >"$work/sshd_config" <<SSHD
ListenAddress 198.51.100.22:22
ListenAddress [2001:db8:2::22]:22
HostKey $work/host_key
PidFile none
AuthorizedKeysFile $work/user_key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
DebianBanner no
Subsystem sftp internal-sftp
SSHD
serve sshd /usr/sbin/sshd -D -e -f "$work/sshd_config"

serve echo "$python" "$here/load.py" echo 198.51.100.70 2001:db8:2::70

ready() { # every port is bound; 10 s at most
  local i bound
  for ((i = 0; i < 100; i++)); do
    bound=$(ip netns exec "$server" ss -Hltun | awk '{print $5}')
    for port in 198.51.100.10:80 '[2001:db8:2::10]:443' 198.51.100.53:53 '[2001:db8:2::53]:53' 198.51.100.22:22 \
      '[2001:db8:2::22]:22' 198.51.100.70:7 '[2001:db8:2::70]:7'; do
      grep -qF -- "$port" <<<"$bound" || { sleep 0.1; continue 2; }
    done
    return 0
  done
  echo "capture.sh: a server did not start:" >&2
  cat "$work"/*.log "$work/nginx.err" >&2
  exit 1
}
ready

# --- capture --------------------------------------------------------------------------------------------------------------
# capture NAME: one run of the load NAME, from before its first packet to after its last.
capture() {
  ip netns exec "$client" tcpdump -i c0 -n -s 0 -B 65536 --immediate-mode -Z root -w "$work/$1.pcap" 2>"$work/tcpdump.err" &
  tcpdump_pid=$!
  local i
  for ((i = 0; i < 100; i++)); do
    grep -q 'listening on' "$work/tcpdump.err" && break
    sleep 0.1
  done
  [ "$i" -lt 100 ] || { echo "capture.sh: tcpdump did not start" >&2; cat "$work/tcpdump.err" >&2; exit 1; }
  # In the background, because a trap waits for what is in the foreground.
  ip netns exec "$client" env -i PATH="$PATH" LANG=C "$python" "$here/load.py" "$1" "$work" &
  load_pid=$!
  if ! wait "$load_pid"; then
    load_pid=
    cat "$work"/*.log "$work/nginx.err" >&2
    exit 1
  fi
  load_pid=
  sleep 1 # the last acknowledgements
  kill -INT "$tcpdump_pid"
  wait "$tcpdump_pid" || true
  tcpdump_pid=
  grep -q '^0 packets dropped by kernel' "$work/tcpdump.err" || { echo "capture.sh: tcpdump lost packets, run again" >&2; exit 1; }
  gzip -9 -n "$work/$1.pcap"
  mv "$work/$1.pcap.gz" "$out/$1.pcap.gz"
  echo "$1: $(grep captured "$work/tcpdump.err"), $(stat -c %s "$out/$1.pcap.gz") bytes"
}
capture mixed
capture edge
