"""YAML in which each key stands once: a second one would silently take the place of the first."""

from typing import Any

import yaml

_SAFE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C: ten times as fast


class _Once(_SAFE):  # type: ignore[misc]
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [(name.tag, name.value) for name, _ in node.value if isinstance(name, yaml.ScalarNode)]
        if doubles := {name for name in names if names.count(name) > 1}:
            listed = ", ".join(f"“{value}”" for _, value in sorted(doubles))
            raise yaml.constructor.ConstructorError(None, None, f"{listed} stands twice", node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def load_once(text: str) -> Any:
    """Raises: yaml.YAMLError, also for a key that stands twice."""
    return yaml.load(text, Loader=_Once)
