# shellcheck shell=bash disable=SC2154
# The row "wheel" of run.sh: the wheel, built in one minimal trixie, is installed by its name's own command in another one, as
# an ordinary user, from the public index, and plays the demo.

wheel_row() {  # ROW SUITE ARCH
    local log=$work/$1.log
    layer "$1" "$2" "$3" || return 0
    inside root bash -eux -c '
        apt-get update -q
        apt-get install -y --no-install-recommends python3 python3-venv git
        git config --global --add safe.directory "*"
        git clone -q /srv/source.git /srv/build
        python3 -m venv /srv/builder
        /srv/builder/bin/pip install --quiet build
        /srv/builder/bin/python -m build --outdir /srv/dist /srv/build' >"$log" 2>&1 || true
    inside newcomer bash -eu -c '
        result() { echo "RESULT $1=$2"; }
        cd; mkdir tmp; export TMPDIR=$HOME/tmp
        began=$(date +%s)
        export PIP_LOG=$HOME/pip.log
        python3 -m venv unit
        unit/bin/pip install --quiet /srv/dist/autovelox-*.whl
        result python "$(unit/bin/python -c "import platform; print(platform.python_version(), platform.machine())")"
        result setup $(($(date +%s) - began))
        result fetched "$(bash /srv/install/fetched.sh pip.log)"
        result installed "$(du -sm unit | cut -f1)"
        began=$(date +%s)
        unit/bin/autovelox demo | tee demo.log
        result demo "$(sed -n "s/\([0-9] of 8\) cases right.*/\1/p" demo.log)"
        result demo_s $(($(date +%s) - began))
        result tests -' >>"$log" 2>&1 || true
    outcome "$1" "$log"
    drop
}
