"""Compiles every module that has a .pxd beside it; everything else stays plain Python."""

import os
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

SOURCE = Path(__file__).parent / "src"
# Counts which lines of the compiled modules run, also without the interpreter: tests/support/compiled_coverage.py.
COUNTED = os.environ.get("GEARSHIFT_COUNTED_BUILD") == "1"
# Compiled in place already: the editable install that `make` does next has only to point at src.
UNCOMPILED = os.environ.get("GEARSHIFT_UNCOMPILED") == "1"
COUNTING = ["--coverage", "-fprofile-update=atomic", "-O0"]
# What gcc and clang say about Cython's code, which nobody reads.
QUIET = ["-Wno-unreachable-code", "-Wno-pointer-sign", "-Wno-sign-compare"]


def compiled_modules() -> list[Extension]:
    """One extension for each .py that has its C declarations in a .pxd of the same name."""
    found: list[Extension] = []
    if UNCOMPILED:
        return found
    for declarations in sorted(SOURCE.rglob("*.pxd")):
        module = declarations.with_suffix(".py")
        if not module.exists() or module.name == "__init__.py":
            continue
        name = ".".join(module.relative_to(SOURCE).with_suffix("").parts)
        found.append(
            Extension(
                name,
                [os.path.relpath(module, Path(__file__).parent)],
                # No debugging information: it is four fifths of a module and a fifth of its compilation.
                extra_compile_args=[
                    *(COUNTING if COUNTED else ["-O3"]),
                    "-g0",
                    "-fno-semantic-interposition",
                    *QUIET,
                ],
                extra_link_args=["--coverage"] if COUNTED else [],
            )
        )
    return found


# Cython compiles in processes of its own, which import this file anew where they are not forked (CPython 3.14).
if __name__ == "__main__":
    setup(
        options={"build_ext": {"parallel": os.cpu_count() or 1}},
        ext_modules=cythonize(
            compiled_modules(),
            nthreads=os.cpu_count() or 1,
            include_path=[str(SOURCE)],
            build_dir="build/cython",
            force="--force" in sys.argv,  # what is said below is no reason of Cython's to do a module anew
            compiler_directives={
                "language_level": "3",
                "boundscheck": False,
                "wraparound": False,
                "cdivision": True,
                "initializedcheck": False,
                "freethreading_compatible": True,
            },
        ),
    )
