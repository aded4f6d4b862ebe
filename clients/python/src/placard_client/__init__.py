"""Log typed metadata of machine-learning artifacts to a Placard server.

    import placard_client as placard

    with placard.run("training") as run, run.step("train", outputs=["churn_model"]) as step:
        placard.log_metadata({"metrics": {"accuracy": 0.95}}, infer_artifact=True)
        step.save("churn_model", placard.Uri("s3://models/churn.pkl"), alias="candidate")

Importing this package loads neither httpx nor asyncio.
"""

from typing import TYPE_CHECKING

from .__about__ import __version__
from .client import Artifact, Client, Version, Versions, compare, find
from .config import Settings
from .context import current_run_id, current_step_id
from .decorators import pipeline, step
from .delivery import Report
from .engine import configure, flush
from .errors import (
    AmbiguousOutput,
    BadInput,
    Conflict,
    Forbidden,
    IdempotencyKeyReused,
    IncompatibleServer,
    InternalError,
    InvalidSelector,
    InvalidValue,
    LimitExceeded,
    NoContext,
    NoOutputs,
    NotDelivered,
    NotFound,
    OutputNotFound,
    Overloaded,
    PlacardError,
    ServerError,
    TransportError,
    Unauthenticated,
    Unavailable,
    UnknownKey,
)
from .filters import Condition, F, M, Order
from .kinds import Dict, DType, Duration, Markdown, OrderedSet, Path, StorageSize, Timestamp, Uri
from .logging_api import (
    ArtifactVersionIdentifier,
    PipelineRunIdentifier,
    StepRunIdentifier,
    batch,
    bulk_log_metadata,
    log_metadata,
)
from .plans import Comparison, Lineage, Series
from .records import Entry, Records
from .runs import Run, Step, run
from .saving import SavedVersion, create_version

if TYPE_CHECKING:
    from .async_client import AsyncClient

__all__ = [
    "AmbiguousOutput",
    "Artifact",
    "ArtifactVersionIdentifier",
    "AsyncClient",
    "BadInput",
    "Client",
    "Comparison",
    "Condition",
    "Conflict",
    "DType",
    "Dict",
    "Duration",
    "Entry",
    "F",
    "Forbidden",
    "IdempotencyKeyReused",
    "IncompatibleServer",
    "InternalError",
    "InvalidSelector",
    "InvalidValue",
    "LimitExceeded",
    "Lineage",
    "M",
    "Markdown",
    "NoContext",
    "NoOutputs",
    "NotDelivered",
    "NotFound",
    "Order",
    "OrderedSet",
    "OutputNotFound",
    "Overloaded",
    "Path",
    "PipelineRunIdentifier",
    "PlacardError",
    "Records",
    "Report",
    "Run",
    "SavedVersion",
    "Series",
    "ServerError",
    "Settings",
    "Step",
    "StepRunIdentifier",
    "StorageSize",
    "Timestamp",
    "TransportError",
    "Unauthenticated",
    "Unavailable",
    "UnknownKey",
    "Uri",
    "Version",
    "Versions",
    "__version__",
    "batch",
    "bulk_log_metadata",
    "compare",
    "configure",
    "create_version",
    "current_run_id",
    "current_step_id",
    "find",
    "flush",
    "log_metadata",
    "pipeline",
    "run",
    "step",
]


def __getattr__(name: str) -> object:
    if name == "AsyncClient":  # loaded when it is needed, because it imports asyncio
        from .async_client import AsyncClient

        globals()[name] = AsyncClient
        return AsyncClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
