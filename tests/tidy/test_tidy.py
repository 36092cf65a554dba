"""The house rules that imports cannot show. No exemption lists: a rule that does not fit is changed, not bypassed."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES_MAX = 400
FUNCTION_LINES_MAX = 50
BANNED_NAMES = {"service.py", "manager.py", "utils.py", "helpers.py", "base.py", "common.py"}
CLOCK_FREE = ("loop", "engines")
PYTHON = sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("verify/*.py")])
SOURCE = sorted(ROOT.glob("src/anlan/**/*.py"))
ASSETS = sorted(p for e in ("js", "css", "html") for p in ROOT.glob(f"src/anlan/**/*.{e}") if "vendor" not in p.parts)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_python_file_and_functions_are_short(path: Path) -> None:
    assert path.read_text("utf-8").count("\n") <= LINES_MAX
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno + 1 <= FUNCTION_LINES_MAX, node.name


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_source_file_says_what_it_is_for_and_has_a_real_name(path: Path) -> None:
    assert path.name not in BANNED_NAMES
    assert (ast.get_docstring(tree_of(path)) or "").strip(), "module docstring missing"


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_no_broad_except_and_no_html_in_python(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"bare except, line {node.lineno}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not any(tag in node.value for tag in ("<div", "<span", "<table", "<a href")), (
                f"HTML, line {node.lineno}"
            )


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_pure_code_reads_no_clock_and_no_randomness(path: Path) -> None:
    parts = path.relative_to(ROOT / "src/anlan").parts
    pure = parts[0] in CLOCK_FREE or (parts[0] == "domains" and path.stem in {"flow", "rules"})
    if not pure:
        return
    calls = {ast.unparse(n.func) for n in ast.walk(tree_of(path)) if isinstance(n, ast.Call)}
    banned = {"datetime.now", "datetime.utcnow", "date.today", "uuid.uuid4", "uuid4", "time.time", "open", "print"}
    assert not calls & banned


@pytest.mark.parametrize("path", ASSETS, ids=name_of)
def test_assets_carry_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        assert ' style="' not in text, "strict CSP: no style attributes"
        assert "<script>" not in text, "strict CSP: no inline script"


def test_tree_names_no_machine_and_no_registry() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert "uv.lock" not in tracked
    for name in tracked:
        path = ROOT / name
        if (
            path.suffix in {".py", ".md", ".toml", ".txt", ".json", ".in", ".yml"}
            and path.exists()
            and path != Path(__file__)
        ):
            text = path.read_text("utf-8")
            assert "/work/" not in text, name
            assert "files.pythonhosted" not in text, name


@pytest.mark.parametrize("path", SOURCE, ids=name_of)
def test_only_the_root_and_the_command_line_read_the_environment(path: Path) -> None:
    parts = path.relative_to(ROOT / "src/anlan").parts
    names = {ast.unparse(n) for n in ast.walk(tree_of(path)) if isinstance(n, ast.Attribute)}
    assert parts[0] in {"main.py", "cli"} or not names & {"os.environ", "os.getenv", "os.environb"}
