import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import multiprocessing
import sys
from contextlib import nullcontext

from workbench.system.process import without_main_module

print("the script runs", flush=True)
main = sys.modules["__main__"]
with {context}():
    process = multiprocessing.get_context("spawn").Process(target=print, args=("the worker runs",))
    process.start()
process.join()
assert sys.modules["__main__"] is main
"""


@pytest.mark.parametrize(
    ("context", "times"), [("without_main_module", 1), ("nullcontext", 2)], ids=str
)
def test_workers_do_not_run_the_script_that_starts_them(
    context: str, times: int, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(context=context))
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert run.stdout.count("the script runs") == times
    assert ("the worker runs" in run.stdout) == (times == 1)


def test_a_process_ends_without_a_last_collection() -> None:
    script = "\n".join(
        [
            "import atexit, gc",
            "from workbench.system.process import exit_without_collection",
            "atexit.register(lambda: print(gc.get_freeze_count() > 1000, len(gc.get_objects())))",
            "exit_without_collection()",
            "print(gc.get_freeze_count())",
        ]
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    before, after = run.stdout.splitlines()
    assert before == "0"
    frozen, left = after.split()
    assert frozen == "True"
    assert int(left) < 100
