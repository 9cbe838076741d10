# shellcheck shell=bash
# As a newcomer, an ordinary user: README.md's commands in a fresh clone, word for word. With "lacking": before the apt
# line was followed, when make has to say so and to leave nothing.
set -eu
source=${SOURCE:-/srv/source.git}
commands=${COMMANDS:-/srv/install/commands}
result() { echo "RESULT $1=$2"; }

cd
rm -rf autovelox
git config --global --replace-all safe.directory '*'  # the archive belongs to somebody else
git clone --quiet "$source" autovelox
cd autovelox
if [ "${1:-}" = lacking ]; then
    python3 -c 'import ensurepip' 2>/dev/null && exit 0
    ! make demo 2>said || { echo "make demo went on without python3-venv"; exit 1; }
    cat said
    grep -q 'sudo apt install .*python3-venv' said || { echo "make demo does not say what to install"; exit 1; }
    if [ -e .venv ] || [ -e build ]; then echo "something half-made is left"; exit 1; fi
    exit 0
fi

result python "$(${PYTHON:-python3} -c 'import platform; print(platform.python_version(), platform.machine())')"
export PIP_LOG=$PWD/pip.log # what was fetched stands in it
began=$(date +%s)
make install
result setup $(($(date +%s) - began))
result installed "$(du -sm ".venv${ENGINE:+-$ENGINE}" | cut -f1)"
result fetched "$(bash "${FETCHED:-/srv/install/fetched.sh}" pip.log)"
while read -r line; do
    began=$(date +%s)
    case $line in
        'make demo'*)
            eval "$line" | tee demo.log || true
            sed 's/^/unit | /' var/demo/unit.log || true # what a wrong case is explained by
            result demo "$(sed -n 's/\([0-9] of 8\) cases right.*/\1/p' demo.log)"
            result demo_s $(($(date +%s) - began))
            ;;
        'make test'*)
            if [ "${TESTS-all}" = none ]; then result tests "-"; continue; fi
            # shellcheck disable=SC2086
            if [ -z "${TESTS-}" ]; then eval "$line"; else .venv/bin/pytest $TESTS; fi | tee test.log
            grep '^Left out' test.log || true
            result tests "$(grep -E '^=+ .*(passed|failed|error)' test.log | tail -1 | sed -E 's/^=+ | in .*//g; s/([0-9]+ (failed|error)[a-z]*)/\1 FAILED/')"
            result tests_s $(($(date +%s) - began))
            ;;
    esac
done <"$commands"
