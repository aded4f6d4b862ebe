"""The decorators `pipeline` and `step`."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ParamSpec, TypeVar, get_args, get_origin, overload

from . import context
from .errors import InvalidSelector, InvalidValue
from .runs import Run, Step
from .saving import SavedVersion

P = ParamSpec("P")
R = TypeVar("R")

# Equal objects of these types are often the same object, so identity does not say where they come from.
_PLAIN = (bool, int, float, complex, str, bytes, type(None), frozenset, type)


def declared_outputs(function: Callable[..., Any]) -> dict[str, str | None]:
    """Return the outputs of a return annotation, with the artifact of each if the annotation names it.

    >>> def split() -> tuple[Annotated[list, "train"], Annotated[list, "test"]]: ...
    >>> declared_outputs(split)
    {'train': 'train', 'test': 'test'}
    """
    annotation = inspect.signature(function).return_annotation
    if isinstance(annotation, str):
        annotation = _evaluated(function, annotation)
    if annotation in (None, type(None), inspect.Signature.empty, "None"):
        return {}
    named = _annotated_name(annotation)
    if named is not None:
        return {named: named}
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    parts = get_args(inner)
    if get_origin(inner) is not tuple or not parts or Ellipsis in parts:
        return {"output": None}
    names = [(_annotated_name(part), f"output_{index}") for index, part in enumerate(parts)]
    return {name or default: name for name, default in names}


def _evaluated(function: Callable[..., Any], annotation: str) -> Any:
    """Return the annotation of a text, as `from __future__ import annotations` makes it."""
    names = {"return": annotation}
    holder = type("holder", (), {"__annotations__": names})
    try:
        variables = inspect.getclosurevars(function).nonlocals
        return typing.get_type_hints(holder, function.__globals__, dict(variables), include_extras=True)["return"]
    except (NameError, AttributeError) as error:  # a name that only a type checker knows
        if "Annotated" in annotation or annotation.lower().startswith(("tuple", "typing.tuple")):
            raise InvalidSelector(
                f"the outputs of {function.__name__} are not clear, because its return annotation cannot be read "
                f"({error}); name them by @step(outputs=[...])"
            ) from None
        return object


def _annotated_name(annotation: Any) -> str | None:
    if get_origin(annotation) is not Annotated:
        return None
    for extra in get_args(annotation)[1:]:
        if isinstance(extra, str):
            return extra
        if isinstance(name := getattr(extra, "name", None), str):  # ZenML's ArtifactConfig
            return name
    return None


@overload
def pipeline(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def pipeline(
    function: None = None, /, *, name: str | None = None, project: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def pipeline(
    function: Callable[..., Any] | None = None, /, *, name: str | None = None, project: str | None = None
) -> Any:
    """Make each call of a function a run. The function can be `async`.

    Args:
        function: The function, if the decorator has no arguments.
        name: The name of the pipeline, by default that of the function.
        project: The name of the project.
    """
    if function is None:
        return functools.partial(pipeline, name=name, project=project)
    title = name or function.__name__

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run_async(*args: Any, **kwargs: Any) -> Any:
            async with Run(title, project=project):
                return await function(*args, **kwargs)

        return run_async

    @functools.wraps(function)
    def run_sync(*args: Any, **kwargs: Any) -> Any:
        with Run(title, project=project):
            return function(*args, **kwargs)

    return run_sync


@overload
def step(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def step(
    function: None = None,
    /,
    *,
    name: str | None = None,
    outputs: Sequence[str] | Mapping[str, str] | None = None,
    save: bool = True,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def step(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    outputs: Sequence[str] | Mapping[str, str] | None = None,
    save: bool = True,
) -> Any:
    """Make each call of a function a step of the current run. The function can be `async`.

    The results become versions of the outputs. An argument that another step of the run returned is an input.
    Outside of a pipeline, the step is a run of its own, as in ZenML. `__wrapped__` is the plain function.

    Args:
        function: The function, if the decorator has no arguments.
        name: The name of the step, by default that of the function.
        outputs: The names of the outputs; by default those of the return annotation.
        save: Create a version of each output that the function did not save itself.
    """
    if function is None:
        return functools.partial(step, name=name, outputs=outputs, save=save)
    title = name or function.__name__
    signature = inspect.signature(function)

    def prepare(run: Run, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Step:
        return Step(run, title, inputs=_inputs(run, signature, args, kwargs), outputs=_outputs(run, title))

    def _outputs(run: Run, title: str) -> Mapping[str, str]:
        if outputs is not None:
            return outputs if isinstance(outputs, Mapping) else {output: output for output in outputs}
        declared = declared_outputs(function)
        return {output: artifact or f"{run.pipeline}::{title}::{output}" for output, artifact in declared.items()}

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def step_async(*args: Any, **kwargs: Any) -> Any:
            run = _current_run()
            if run is None:
                async with Run(title):
                    return await step_async(*args, **kwargs)
            async with prepare(run, args, kwargs) as running:
                result = await function(*args, **kwargs)
                _keep(running, result, save)
                return result

        return step_async

    @functools.wraps(function)
    def step_sync(*args: Any, **kwargs: Any) -> Any:
        run = _current_run()
        if run is None:
            with Run(title):
                return step_sync(*args, **kwargs)
        with prepare(run, args, kwargs) as running:
            result = function(*args, **kwargs)
            _keep(running, result, save)
            return result

    return step_sync


def _current_run() -> Run | None:
    if (run := context.current_run.get()) is not None:
        return run
    return context.attached_run()


def _inputs(
    run: Run, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, SavedVersion]:
    """Return the arguments that other steps of the run returned."""
    found: dict[str, SavedVersion] = {}
    for name, value in signature.bind(*args, **kwargs).arguments.items():
        if isinstance(value, SavedVersion):
            found[name] = value
        elif (origin := run.origins.get(id(value))) is not None and origin[0] is value:
            found[name] = origin[1]
    return found


def _keep(running: Step, result: Any, save: bool) -> None:
    """Save the result of a step, and remember which version each object is."""
    names = list(running.outputs)
    if not names:
        return
    results = (result,) if len(names) == 1 else result
    if not isinstance(results, (tuple, list)) or len(results) != len(names):
        raise InvalidValue(
            f"the step {running.name!r} declares {len(names)} outputs ({', '.join(names)}), "
            f"but the function returned {len(results) if isinstance(results, (tuple, list)) else 'one object'}"
        )
    for name, value in zip(names, results):
        saved = running.versions.get(name)
        if saved is None and isinstance(value, SavedVersion):
            saved = value
        elif saved is None and save:
            saved = running.save(name, value)
        if saved is not None and not isinstance(value, _PLAIN):
            running.run.origins[id(value)] = (value, saved)
