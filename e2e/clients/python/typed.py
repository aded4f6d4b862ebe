"""Logs values by the client that ariadne-codegen has made, and reads them back: typed.py URL."""

import sys
from datetime import datetime, timezone

from placard_client import Placard
from placard_client.exceptions import GraphQLClientGraphQLMultiError
from placard_client.input_types import (
    CreateArtifactVersionInput,
    LogMetadataInput,
    MetadataEntryInput,
    MetadataTarget,
    MetadataValueInput,
)

METADATA = {
    "measured": 1,
    "size": {"$storageSize": 1500000},
    "metrics": {"accuracy": 0.95, "classes": ["a", "b"], "threshold": {"$float": "NaN"}},
}
TRAINED = datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=timezone.utc)

client = Placard(url=sys.argv[1])
created = client.create_version(CreateArtifactVersionInput(artifact="ariadne"))
version_id = created.create_artifact_version.artifact_version.id
target = MetadataTarget(artifactVersionId=version_id)
entries = [
    MetadataEntryInput(key="rows", value=MetadataValueInput(integer=9007199254740993)),
    MetadataEntryInput(key="trained", value=MetadataValueInput(timestamp=TRAINED)),
]
logged = client.log_values(LogMetadataInput(target=target, metadata=METADATA, entries=entries)).log_metadata.entries
assert len(logged) == 7, logged
for as_of in (None, logged[-1].logged_at):
    version = client.read_values(version_id, as_of).artifact_version
    read = {entry.key: entry for entry in version.metadata}
    assert read["rows"].value.integer == 9007199254740993, read["rows"]
    assert read["trained"].value.timestamp == TRAINED, read["trained"]
    assert read["size"].value.extended_json == METADATA["size"], read["size"]
    assert version.metadata_json["metrics"]["classes"] == ["a", "b"], version.metadata_json
    for entry in logged:
        assert (read[entry.key].seq, read[entry.key].logged_at) == (entry.seq, entry.logged_at), entry
try:
    client.log_values(LogMetadataInput(target=target, metadata={"$x": 1}))
    raise AssertionError("a bad key is accepted")
except GraphQLClientGraphQLMultiError as refusal:
    assert refusal.errors[0].extensions["code"] == "BAD_INPUT", refusal.errors

print("ariadne-codegen reads what it has logged")
