"""Finds, in source code, state that two workflow runs of one process would share.

A constant of the module may be a list or a dictionary; nothing may change it.
"""

import ast
from collections.abc import Iterator

CHANGES = {
    *("add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop"),
    *("popitem", "remove", "setdefault", "sort", "update"),
}
CACHES = {"cache", "lru_cache"}


def shared_state(source: str) -> list[str]:
    """Return the shared state that is changed, each with its line."""
    tree = ast.parse(source)
    shared = set(_names_of(tree))
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt | ast.expr) and _changes(node, shared)
    ]


def _names_of(tree: ast.Module) -> Iterator[str]:
    """Return the names that a module defines, its classes and imports included."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=targets):
                yield from (one.id for one in targets if isinstance(one, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (one.asname or one.name for one in names)


def _changes(node: ast.AST, shared: set[str]) -> bool:
    match node:
        case ast.Global():
            return True
        case ast.FunctionDef(decorator_list=decorators):
            return any(_name_of(one) in CACHES for one in decorators)
        case ast.Assign(targets=targets) | ast.Delete(targets=targets):
            return any(_is_part_of(one, shared) for one in targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return _is_part_of(target, shared)
        case ast.Call(func=ast.Attribute(attr=name, value=owner)):
            return name in CHANGES and _is_container(owner, shared)
        case ast.Call(func=ast.Name(id="next"), args=[ast.Name(id=owner), *_]):
            return owner in shared
    return False


def _is_container(owner: ast.expr, shared: set[str]) -> bool:
    """Whether it is a constant by its name, or an object of the module or class."""
    match owner:
        case ast.Name(id="workflow"):
            return False  # the SDK: `workflow.update` declares one
        case ast.Name(id=name) if name in shared:
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()
    return False


def _is_part_of(target: ast.expr, shared: set[str]) -> bool:
    """Whether it is an attribute or an item of shared state."""
    if not isinstance(target, ast.Attribute | ast.Subscript):
        return False
    root = target.value
    return isinstance(root, ast.Name) and root.id in shared | {"cls"}


def _name_of(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(called).rpartition(".")[2]
