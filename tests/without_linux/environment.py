"""A virtual environment in which Python starts without what only Linux has.

It has the packages of the one that makes it. Every process that a test starts by `sys.executable`,
or by a command beside it, uses it too, whatever environment variables the test sets.
"""

import shutil
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

STARTUP: Final = Path(__file__).with_name("hide_linux.py")


def make_environment(folder: Path) -> Path:
    """Return its Python."""
    venv.create(folder, symlinks=True, with_pip=False)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    lines = [
        "import hide_linux",
        f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})",
        # Now, because pytest puts a finder of its own before all others. It would load the part for
        # Linux, to rewrite its assertions, as it does with each package that has a plugin.
        "import jvscheduler.kernel",
    ]
    # A copy, so that it counts as installed: `dev` would watch it as a file of the user.
    shutil.copy(STARTUP, paths["purelib"])
    Path(paths["purelib"], "without_linux.pth").write_text("\n".join(lines) + "\n")
    commands = Path(paths["scripts"])
    for script in Path(sys.executable).parent.iterdir():
        if not (commands / script.name).exists() and _is_python(script):
            _, _, code = script.read_text().partition("\n")
            (commands / script.name).write_text(f"#!{commands / 'python'}\n{code}")
            (commands / script.name).chmod(0o755)
    return commands / "python"


def _is_python(script: Path) -> bool:
    with script.open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and b"python" in first
