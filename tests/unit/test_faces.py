"""The typed faces of compiled modules tell the truth: what they declare exists, and what exists is declared."""

from __future__ import annotations

import ast
import importlib
import inspect
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SOURCES = Path(__file__).parents[2] / "src"
FACES = sorted(SOURCES.rglob("*.pyi"))
Declared = dict[str, ast.stmt]


def name_of(face: Path) -> str:
    return ".".join(face.relative_to(SOURCES).with_suffix("").parts)


def declared_in(body: list[ast.stmt]) -> Declared:
    """Names and what declares them: classes, functions, variables; imports and docstrings declare nothing."""
    names: Declared = {}
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names[node.target.id] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node
    return names


def imported_by(source: Path) -> set[str]:
    return {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]


@pytest.fixture(params=FACES, ids=name_of)
def face(request: pytest.FixtureRequest) -> Path:
    path = request.param
    assert isinstance(path, Path)
    return path


@pytest.fixture
def module(face: Path) -> ModuleType:
    return importlib.import_module(name_of(face))


@pytest.fixture
def declared(face: Path) -> Declared:
    return declared_in(ast.parse(face.read_text()).body)


def public_members(made: type) -> set[str]:
    if issubclass(made, Enum):
        return set(made.__members__)
    return {name for name in vars(made) if not name.startswith("_")}


def test_a_face_stands_for_a_compiled_module(face: Path, module: ModuleType) -> None:
    assert face.with_suffix(".pxd").is_file()
    assert module.__file__ is not None
    assert module.__file__.endswith(".so"), "the modules are not compiled: see the Makefile"


def test_what_is_declared_exists(module: ModuleType, declared: Declared) -> None:
    for name, node in declared.items():
        assert hasattr(module, name), name
        if isinstance(node, ast.ClassDef):
            made = getattr(module, name)
            assert inspect.isclass(made), name
            for member in declared_in(node.body):
                assert hasattr(made, member), f"{name}.{member}"


def test_what_exists_is_declared(face: Path, module: ModuleType, declared: Declared) -> None:
    not_its_own = imported_by(face.with_suffix(".py")) | {"TYPE_CHECKING"}
    for name, value in vars(module).items():
        if name.startswith("_") or name in not_its_own:
            continue
        assert name in declared, name
        if inspect.isclass(value):
            node = declared[name]
            assert isinstance(node, ast.ClassDef), name
            missing = public_members(value) - set(declared_in(node.body))
            assert not missing, f"{name}: {missing}"


def test_enums_have_the_declared_values(module: ModuleType, declared: Declared) -> None:
    for name, node in declared.items():
        made = getattr(module, name)
        if isinstance(node, ast.ClassDef) and inspect.isclass(made) and issubclass(made, Enum):
            values = {
                member: ast.literal_eval(line.value)
                for member, line in declared_in(node.body).items()
                if isinstance(line, ast.Assign)
            }
            assert values == {member.name: member.value for member in made}


def test_functions_take_the_declared_parameters(module: ModuleType, declared: Declared) -> None:
    for name, node in declared.items():
        made: Any = getattr(module, name)
        functions = {}
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions[name] = (node, made)
        elif isinstance(node, ast.ClassDef):
            for member, line in declared_in(node.body).items():
                if (
                    isinstance(line, ast.FunctionDef)
                    and not line.decorator_list
                    and not member.startswith("__")
                ):
                    functions[f"{name}.{member}"] = (line, getattr(made, member))
        for title, (line, function) in functions.items():
            assert list(inspect.signature(function).parameters) == parameters(line), title


def test_bases_and_finality_are_as_declared(module: ModuleType, declared: Declared) -> None:
    for name, node in declared.items():
        if not isinstance(node, ast.ClassDef):
            continue
        made = getattr(module, name)
        for base in node.bases:
            assert isinstance(base, ast.Name)
            assert base.id in [above.__name__ for above in made.__mro__], name
        if any(isinstance(mark, ast.Name) and mark.id == "final" for mark in node.decorator_list):
            with pytest.raises(TypeError, match="not an acceptable base type"):
                type("Derived", (made,), {})
