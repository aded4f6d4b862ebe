"""Log typed metadata of machine-learning artifacts to a Placard server.

    import placard_client as placard

    with placard.run("training") as run, run.step("train", outputs=["churn_model"]) as step:
        placard.log_metadata({"metrics": {"accuracy": 0.95}}, infer_artifact=True)
        step.save("churn_model", placard.Uri("s3://models/churn.pkl"), alias="candidate")

Importing this package loads neither httpx nor asyncio.
"""

from .__about__ import __version__
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
from .kinds import Dict, DType, Duration, Markdown, OrderedSet, Path, StorageSize, Timestamp, Uri
from .logging_api import (
    ArtifactVersionIdentifier,
    PipelineRunIdentifier,
    StepRunIdentifier,
    batch,
    bulk_log_metadata,
    log_metadata,
)
from .runs import Run, SavedVersion, Step, run

__all__ = [
    "AmbiguousOutput",
    "ArtifactVersionIdentifier",
    "BadInput",
    "Conflict",
    "DType",
    "Dict",
    "Duration",
    "Forbidden",
    "IdempotencyKeyReused",
    "IncompatibleServer",
    "InternalError",
    "InvalidSelector",
    "InvalidValue",
    "LimitExceeded",
    "Markdown",
    "NoContext",
    "NoOutputs",
    "NotDelivered",
    "NotFound",
    "OrderedSet",
    "OutputNotFound",
    "Overloaded",
    "Path",
    "PipelineRunIdentifier",
    "PlacardError",
    "Report",
    "Run",
    "SavedVersion",
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
    "__version__",
    "batch",
    "bulk_log_metadata",
    "configure",
    "current_run_id",
    "current_step_id",
    "flush",
    "log_metadata",
    "pipeline",
    "run",
    "step",
]
