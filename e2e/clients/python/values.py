"""Logs values by gql and reads them back: values.py URL OPERATIONS."""

import sys
from datetime import datetime, timezone

from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport
from graphql import parse, print_ast

url, operations = sys.argv[1:]
with open(operations, encoding="utf-8") as file:
    documents = {d.name.value: print_ast(d) for d in parse(file.read()).definitions}

# The client reads the schema from the server, and validates what it sends against it.
client = Client(transport=HTTPXTransport(url=url), fetch_schema_from_transport=True)


def send(operation, variables):
    return session.execute(GraphQLRequest(gql(documents[operation]), variable_values=variables))


METADATA = {
    "measured": 1,
    "size": {"$storageSize": 1500000},
    "metrics": {"accuracy": 0.95, "classes": ["a", "b"], "threshold": {"$float": "NaN"}},
}

with client as session:
    created = send("CreateVersion", {"input": {"artifact": "gql"}})
    version_id = created["createArtifactVersion"]["artifactVersion"]["id"]
    target = {"artifactVersionId": version_id}
    trained = datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=timezone.utc)
    entries = [
        {"key": "rows", "value": {"integer": 9007199254740993}},
        {"key": "trained", "value": {"timestamp": trained.isoformat()}},
    ]
    logged = send("LogValues", {"input": {"target": target, "metadata": METADATA, "entries": entries}})
    logged = logged["logMetadata"]["entries"]
    assert len(logged) == 7, logged
    for as_of in (None, logged[-1]["loggedAt"]):
        version = send("ReadValues", {"id": version_id, "asOf": as_of})["artifactVersion"]
        read = {entry["key"]: entry for entry in version["metadata"]}
        assert int(read["rows"]["value"]["integer"]) == 9007199254740993, read["rows"]
        assert datetime.fromisoformat(read["trained"]["value"]["timestamp"]) == trained, read["trained"]
        assert read["size"]["value"]["extendedJson"] == METADATA["size"], read["size"]
        assert version["metadataJson"]["metrics"]["classes"] == ["a", "b"], version["metadataJson"]
        for entry in logged:
            assert (read[entry["key"]]["seq"], read[entry["key"]]["loggedAt"]) == (entry["seq"], entry["loggedAt"])
    try:
        send("LogValues", {"input": {"target": target, "metadata": {"$x": 1}}})
        raise AssertionError("a bad key is accepted")
    except TransportQueryError as refusal:
        assert refusal.errors[0]["extensions"]["code"] == "BAD_INPUT", refusal.errors

print("gql reads what it has logged")
