"""What setup.cfg cannot say: a wheel carries the models, the documentation and the example of the settings, too.

They lie beside the packages in a checkout, and in ``edge/share`` in an installation: :func:`edge.config.models_dir`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHARED = ("models", "docs", "autovelox.example.toml", "LICENSE", "NOTICE")


class WithShare(build_py):
    """The usual build, and :data:`SHARED` in ``edge/share``."""

    def run(self) -> None:
        """Build; an editable installation takes the files from the checkout."""
        super().run()
        if self.editable_mode:
            return
        share = Path(self.build_lib) / "edge" / "share"
        shutil.rmtree(share, ignore_errors=True)
        share.mkdir(parents=True)
        for name in SHARED:
            source = Path(name)
            if not source.exists():
                raise FileNotFoundError(f"{name} is missing: build from a whole checkout or source archive")
            if source.is_dir():
                shutil.copytree(source, share / name)
            else:
                shutil.copy(source, share / name)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """The files of the installation, those in ``edge/share`` among them."""
        share = Path(self.build_lib) / "edge" / "share"
        return [*super().get_outputs(include_bytecode), *(str(path) for path in share.rglob("*") if path.is_file())]


setup(cmdclass={"build_py": WithShare})
