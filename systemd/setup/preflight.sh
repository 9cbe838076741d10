#!/bin/sh
# What this machine needs before anything is made: prints the Python to use, or says what is missing and the one line
# that installs it. PYTHON names another one; DISK_MB is what has to be free in the folder that is given (default: here).
set -eu
setup=$(cd "$(dirname "$0")" && pwd)
folder=${1:-.}

packages() {  # GROUP PYTHON: the group's packages, Python's own ones for PYTHON
    sed -n "s/^$1 //p" "$setup/packages" | tr '\n' ' ' | sed "s/python3-/${2##*/}-/g; s/ *\$//"
}
if [ "$folder" = --packages ]; then
    packages "$2" python3
    echo
    exit 0
fi
fail() {
    for line; do echo "make: $line" >&2; done
    exit 1
}
usable() {  # a Python 3.11 to 3.14, CPython
    "$1" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info < (3, 15) and sys.implementation.name == "cpython"))' 2>/dev/null
}

python=
for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    if usable "$name"; then python=$name && break; fi
done
if [ -z "$python" ]; then
    for name in ${PYTHON:-python3}; do found="$name is $("$name" -V 2>/dev/null || echo missing)"; done
    fail "Python 3.11, 3.12, 3.13 or 3.14 is needed, but $found:" \
        "  sudo apt install $(packages start python3)" \
        "  (an older system: install one of them beside its own, then make PYTHON=python3.13 ...)"
fi
ask() { "$python" -c "$1" 2>/dev/null; }

ask 'import ensurepip, sqlite3, ssl, venv' ||
    fail "$python cannot make virtual environments yet:" "  sudo apt install $(packages start "$python")"
case $(ask 'import platform, sys; print(platform.machine(), sys.maxsize > 2**32)') in
    'x86_64 True' | 'aarch64 True') ;;
    *' False') fail "this is a 32-bit system, for which the networks have no builds: use the 64-bit one" ;;
    *) fail "this machine is neither x86_64 nor aarch64, for which alone the networks have builds" ;;
esac
ask 'import sysconfig, sys; sys.exit("musl" in (sysconfig.get_config_var("SOABI") or ""))' ||
    fail "this system's C library is musl, for which the networks have no builds: use one with glibc (Debian, Ubuntu, Fedora)"
free=$(df -Pm "$folder" | awk 'NR == 2 {print $4}')
[ "$free" -ge "${DISK_MB:-2500}" ] ||
    fail "$free MB are free on the disk of $(cd "$folder" && pwd), ${DISK_MB:-2500} are needed: make room there"
ask 'import tkinter' ||
    echo "make: $python has no Tk: the viewer cannot be shown, its tests are left out: sudo apt install $(packages start "$python")" >&2
echo "$python"
