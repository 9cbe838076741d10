"""What officers run on the unit leaves the processor to the camera."""

import os
import subprocess
import sys

import pytest

from edge.cli import NICENESS


@pytest.mark.parametrize(("command", "steps_behind"), [("cases", True), ("doctor", False)])
def test_officers_programs_step_behind_the_camera(command: str, steps_behind: bool) -> None:
    # The command line as a program runs it, with a stand-in for what the command does.
    code = (
        "import os, sys\n"
        f"sys.argv = ['autovelox', '{command}'] + (['list'] if '{command}' == 'cases' else [])\n"
        "import edge.cli as cli\n"
        "real = cli._parser\n"
        "def reading(words):\n"
        "    parser = real(words)\n"
        "    parse = parser.parse_args\n"
        "    parser.parse_args = lambda w: (lambda a: (setattr(a, 'run', lambda _: os.nice(0)), a)[1])(parse(w))\n"
        "    return parser\n"
        "cli._parser = reading\n"
        "sys.exit(cli.main())\n"
    )
    process = subprocess.run([sys.executable, "-P", "-c", code], timeout=60, check=False)
    assert process.returncode == min(19, os.nice(0) + (NICENESS if steps_behind else 0))
