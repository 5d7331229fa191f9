"""What an action is: its name, inputs, words and answer, read off a plain function.

Nothing is registered and nothing declared twice: endpoint, validation, OpenAPI entry and the
helpdesks' buttons all derive from `Action.of(function)`.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Literal, Self, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from integrations.errors import InputError
from integrations.inputs import Kind, is_absent, read
from integrations.kinds import EMAIL_KIND, KEY_KIND, kind_of, one_of


class Answer(msgspec.Struct, kw_only=True, dict=True):
    """A flat answer: every key always there.

    `resource` is what Rivo itself said, for `shape=full`: it travels with the answer and is not
    part of its encoding.
    """

    @property
    def resource(self) -> object:
        """What Rivo said, or None."""
        return self.__dict__.get("resource")

    def made_from(self, resource: object) -> Self:
        """Remember the resource (or the list of them) that the answer was made from."""
        self.__dict__["resource"] = resource
        return self

    @property
    def wrote(self) -> bool:
        """Whether a write by list really wrote; an action that may only look says otherwise."""
        return True


class ReadAnswer(Answer, kw_only=True):
    """What every read ends with: `as_of` is the time (ISO, UTC) for which the answer is true.

    `stale` says that Rivo could not tell anything newer: this is what was known last.
    """

    as_of: str
    stale: bool


State = Literal[
    "accepted",
    "awaiting_approval",
    "sending",
    "succeeded",
    "rejected",
    "unknown",
    "needs_review",
    "expired",
]


class OperationState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a write: `applied` is null while nobody knows.

    `applied` is false as well where it succeeded without being sent, because it already was so;
    `safe_to_retry` says that the same request may be sent again and does nothing twice.
    """

    id: str
    state: State
    applied: bool | None
    safe_to_retry: bool


class WriteAnswer(Answer, kw_only=True):
    """What every write ends with; `operation` is null where it was not run as one."""

    operation: OperationState | None = None


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """How a write is found again, and what no two open ones may be about.

    `find` reads it back. Where its outcome is a row of a list, `listed` names that list; None: it
    is a state. `subject` says of the parsed inputs what kind of thing, of one customer, only one
    open write may concern; None: many may be open.
    """

    find: Callable[..., Awaitable[Any]]
    listed: str | None = None
    subject: Callable[[Mapping[str, Any]], str | None] = lambda _: None


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One documented input of an action."""

    name: str
    kind: Kind
    description: str
    required: bool
    default: object
    examples: tuple[object, ...]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks and about what: accepted on every action, not part of any."""

    ticket_id: Annotated[str | None, Meta(description="The helpdesk's ticket.")] = None
    agent_email: Annotated[
        str | None,
        EMAIL_KIND,
        Meta(description="The agent who asks, as the helpdesk says."),
    ] = None
    agent_name: Annotated[str | None, Meta(description="The agent's name.")] = None
    reason: Annotated[str | None, Meta(description="Why, in the agent's words.")] = None
    customer_id: Annotated[str | None, Meta(description="The helpdesk's own customer id.")] = None
    idempotency_key: Annotated[
        str | None,
        KEY_KIND,
        Meta(description="A key of the caller's for one intended write."),
    ] = None
    shape: Annotated[
        str | None,
        one_of("flat", "full"),
        Meta(description="flat (default), or full for Rivo's own resource."),
    ] = None


class Action(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """An action as doors, documents and buttons see it."""

    name: str
    run: Callable[..., Awaitable[Answer]]
    writes: bool
    summary: str
    description: str
    inputs: tuple[Input, ...]
    answer: type[Answer]
    only_looks: Callable[[Mapping[str, object]], bool] | None = None
    once: Once | None = None

    @classmethod
    def of(
        cls,
        function: Callable[..., Awaitable[Answer]],
        *,
        writes: bool,
        only_looks: Callable[[Mapping[str, object]], bool] | None = None,
        once: Once | None = None,
    ) -> Action:
        """Read an action off its function; TypeError where the signature is not one."""
        hints = get_type_hints(function, include_extras=True)
        parameters = inspect.signature(function).parameters.values()
        words = inspect.getdoc(function) or ""
        if not words:
            raise TypeError(f"{function.__name__} has no docstring")
        return cls(
            name=function.__name__,
            run=function,
            writes=writes,
            summary=words.partition("\n")[0],
            description=words.partition("\n")[2].strip(),
            inputs=tuple(
                _input(p.name, hints[p.name], p.default)
                for p in parameters
                if p.kind is inspect.Parameter.KEYWORD_ONLY
            ),
            answer=hints["return"],
            only_looks=only_looks,
            once=once,
        )

    @functools.cached_property
    def known(self) -> Mapping[str, Input]:
        """All inputs by name, those of the context with them."""
        return {each.name: each for each in (*self.inputs, *CONTEXT)}

    @property
    def creates(self) -> bool:
        """Whether a success is 201: create, redeem, refund, reverse; update and cancel are 200."""
        return self.writes and not self.name.startswith(("update_", "cancel_"))

    def parse(self, given: Mapping[str, object]) -> tuple[dict[str, Any], Context]:
        """Read inputs and context from what was sent; InputError names the first mistake."""
        values = parsed(self.known, self.inputs, given)
        about = values.keys() & Context.__struct_fields__
        context = Context(**{name: values.pop(name) for name in about})
        return values, context


def parsed(
    known: Mapping[str, Input], needed: tuple[Input, ...], given: Mapping[str, object]
) -> dict[str, Any]:
    """Read what was sent by the inputs that are known; InputError names the first mistake."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise _unknown(name, known)
        if not is_absent(value):
            values[name] = read(name, known[name].kind, value)
    for each in needed:
        if each.required and each.name not in values:
            raise InputError(each.name, expected=each.kind.expected)
    return values


def inputs_of(struct: type[msgspec.Struct]) -> tuple[Input, ...]:
    """Read inputs off a struct's annotated fields."""
    hints = get_type_hints(struct, include_extras=True)
    return tuple(
        _input(
            each.name,
            hints[each.name],
            inspect.Parameter.empty if each.default is msgspec.NODEFAULT else each.default,
        )
        for each in msgspec.structs.fields(struct)
    )


def _input(name: str, annotation: object, default: object) -> Input:
    meta = _meta(annotation)
    if meta is None or not meta.description:
        raise TypeError(f"the input {name} has no description")
    return Input(
        name=name,
        kind=kind_of(annotation),
        description=meta.description,
        required=default is inspect.Parameter.empty,
        default=None if default is inspect.Parameter.empty else default,
        examples=tuple(meta.examples or ()),
    )


def _meta(annotation: object) -> Meta | None:
    """Find the description nearest to the parameter, also through `X | None`."""
    if get_origin(annotation) is Annotated:
        inner, *extras = get_args(annotation)
        found = [e for e in extras if isinstance(e, Meta) and e.description]
        return found[-1] if found else _meta(inner)
    return next((m for a in get_args(annotation) if (m := _meta(a)) is not None), None)


def _unknown(name: str, known: Mapping[str, Input]) -> InputError:
    shown = "".join(c for c in name[:64] if c.isprintable()) or "an unnamed input"
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    listed = f"known are {', '.join(known)}" if known else "there is none"
    hint = f"did you mean {nearest[0]}?" if nearest else listed
    return InputError(shown, expected=f"a known input ({hint})", given="an unknown name")


CONTEXT: tuple[Input, ...] = inputs_of(Context)
