"""How much a document may ask for, judged before it runs: depth, aliases and cost, with fragments spread out.

Cost is 10 for each field that asks the store a question, and 1 for each object that a page may hold; the page sizes of the
connections around a field multiply its objects, not its questions, because a level is asked for at once. Variables count
with their values. The walk stops at the first limit that is passed, so a document of fragments that unfold without end
costs no more than one that is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)
from graphql.language.ast import ValueNode
from graphql.pyutils import Undefined

from penstock.api.graphql.bounds import GraphQLBounds
from penstock.model.errors import InvalidInput

__all__ = ["ASK_COST", "check_limits"]

ASK_COST: Final = 10
_PAGED: Final = "first"


def check_limits(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
    bounds: GraphQLBounds,
) -> int:
    """The cost of a valid document's operation. Raises InvalidInput for what is over a bound, with the number."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    given = {
        definition.variable.name.value: _literal(definition.default_value)
        for definition in operation.variable_definitions or ()
    }
    walk = _Walk(schema, fragments, given | dict(variables), bounds)
    root = schema.get_root_type(operation.operation)
    assert root is not None  # validation refuses operations of a kind that the schema has not
    walk.selections(root, operation.selection_set, depth=1, times=1)
    return walk.cost


class _Walk:
    """Counts while it walks. Introspection is left out: a validation rule of its own bounds it."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        bounds: GraphQLBounds,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._bounds = bounds
        self._aliases = 0
        self._steps = 0
        self.cost = 0

    def selections(self, parent: Any, chosen: SelectionSetNode, *, depth: int, times: int) -> None:
        for node in chosen.selections:
            self._steps += 1
            if self._steps > 4 * self._bounds.tokens:
                raise _over("has", self._steps, "fields", 4 * self._bounds.tokens, "spread its fragments less often")
            if isinstance(node, FieldNode):
                self._field(parent, node, depth, times)
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition and node.type_condition.name.value
                inner = self._schema.get_type(name) if name else parent
                self.selections(inner, node.selection_set, depth=depth, times=times)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                inner = self._schema.get_type(fragment.type_condition.name.value)
                self.selections(inner, fragment.selection_set, depth=depth, times=times)

    def _field(self, parent: Any, node: FieldNode, depth: int, times: int) -> None:
        if node.name.value.startswith("__"):
            return
        bounds = self._bounds
        if depth > bounds.depth:
            raise _over("is", depth, "levels deep", bounds.depth, "ask for less in one document")
        if node.alias is not None:
            self._aliases += 1
            if self._aliases > bounds.aliases:
                raise _over(
                    "has", self._aliases, "aliases", bounds.aliases, "send several documents, or select with patterns"
                )
        assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
        field = parent.fields[node.name.value]
        if _asks(field):
            self.cost += ASK_COST
        if node.selection_set is not None:
            inside = times * self._page(field, node)
            self.cost += inside
            if self.cost > bounds.cost:
                raise _over("costs", self.cost, "", bounds.cost, "ask for smaller pages (`first`), or for fewer fields")
            self.selections(get_named_type(field.type), node.selection_set, depth=depth + 1, times=inside)

    def _page(self, field: GraphQLField, node: FieldNode) -> int:
        """The page size that the field is asked with, 1 where it has none; within what the resolver would allow."""
        declared = field.args.get(_PAGED)
        if declared is None:
            return 1
        said = next((argument.value for argument in node.arguments or () if argument.name.value == _PAGED), None)
        value = declared.default_value if said is None else _value(said, self._variables)
        if value is Undefined or value is None:
            value = declared.default_value
        size = value if isinstance(value, int) else self._bounds.page
        return max(1, min(size, self._bounds.page))


def _asks(field: GraphQLField) -> bool:
    definition = field.extensions.get("strawberry-definition")
    return bool(getattr(definition, "metadata", {}).get("asks"))


def _value(node: ValueNode, variables: Mapping[str, Any]) -> Any:
    return variables.get(node.name.value) if isinstance(node, VariableNode) else _literal(node)


def _literal(node: ValueNode | None) -> int | None:
    return int(node.value) if isinstance(node, IntValueNode) else None


def _over(verb: str, number: int, what: str, most: int, hint: str) -> InvalidInput:
    said = f"{number} {what}".rstrip()
    return InvalidInput(
        f"the document {verb} {said} or more, at most {most} are allowed", code="too_complex", hint=hint
    )
