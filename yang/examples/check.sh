#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Validates the modules, the examples and the trees with yanglint; exit 1 if a verdict is not the expected one.
# Usage: check.sh [--write-trees] [DIR]   DIR holds the standard modules (default: those that the build unpacks).
# VERBOSE=1 shows why what must be refused is refused.
cd "$(dirname "$0")/.." || exit 2
write=
[ "$1" = --write-trees ] && { write=1; shift; }
standard=${1:-target/classes/META-INF/yang}
command -v yanglint >/dev/null || { echo "yanglint is missing: apt-get install libyang-tools" >&2; exit 2; }
[ -d "$standard" ] || { echo "no folder $standard: build the yang module first, or name the folder" >&2; exit 2; }

own=src/main/yang
set -- $own/southbound-types.yang $own/southbound-spec.yang $own/southbound-chain.yang $own/southbound-state.yang \
  $own/southbound-metrics.yang $own/southbound-nf.yang examples/acme-cache.yang
bad=0; good=0; out=$(mktemp) || exit 2
trap 'rm -f "$out"' EXIT
verdict() { # ok|wrong text
  if [ "$1" = ok ]; then good=$((good + 1)); echo "as expected  $2"; else bad=$((bad + 1)); echo "NOT EXPECTED $2"; cat "$out"; fi
}

if yanglint -p $own -p "$standard" "$@" >"$out" 2>&1 && [ ! -s "$out" ]; then verdict ok modules; else verdict wrong modules; fi

for module in $own/*.yang; do
  name=$(basename "$module" .yang)
  yanglint -p $own -p "$standard" -f tree -L 100 "$module" >"$out" 2>&1 || { verdict wrong "$name"; continue; }
  [ -s "$out" ] || continue
  [ -n "$write" ] && cp "$out" "trees/$name.tree"
  if diff -w "trees/$name.tree" "$out" >/dev/null 2>&1; then verdict ok "trees/$name.tree"
  else echo "run examples/check.sh --write-trees" >"$out"; verdict wrong "trees/$name.tree"; fi
done

for file in examples/*.xml; do
  case $file in
    */rpc-*) type="rpc -O examples/ok-chain-group.xml" ;;
    */reply-*) type=reply ;;
    */notif-*) type=notif ;;
    */oper-*) type=get ;;
    *) type=config ;;
  esac
  yanglint -p $own -p "$standard" -t $type "$@" "$file" >"$out" 2>&1 && got=ok || got=bad
  case $file in
    *bad-*)
      # It must be refused for the reason that it names, not for a slip in the example.
      reason=$(sed -n 's/^<!-- refused: \(.*\) -->$/\1/p' "$file")
      if [ $got = bad ] && [ -n "$reason" ] && grep -qF -- "$reason" "$out"; then verdict ok "$file"; else verdict wrong "$file"; fi
      [ -n "$VERBOSE" ] && cat "$out"
      ;;
    *) if [ $got = ok ]; then verdict ok "$file"; else verdict wrong "$file"; fi ;;
  esac
done
echo "$good as expected, $bad not"
[ $bad = 0 ]
