// What a first visit opens. GraphiQL names a tab after its first operation.

const json = (value: unknown) => JSON.stringify(value, null, 2);

const model = { ref: { named: { name: 'penguins_model' } } };

export const tabs = [
  {
    query: `# Reads everything that is known about the latest
# version of an artifact, card by card. For another
# version, put "version" or "alias" beside "name" in
# the variables below.
#
# Run it with the button on the right or Ctrl-Enter.

query ReadTheLatest($ref: ArtifactVersionRef!) {
  artifactVersion(ref: $ref) {
    id
    version
    number
    aliases
    cards {
      name
      entries {
        key
        kind
        value {
          __typename
          ... on DisplayValue {
            display
            extendedJson
          }
        }
      }
    }
  }
}
`,
    variables: json(model),
  },
  {
    query: `# Shows how one key came to its present value.
# Nothing is ever overwritten, so every entry is
# still here, the newest first. For the next page,
# add after: "…" with the endCursor of this one.

query HistoryOfAKey($ref: ArtifactVersionRef!) {
  artifactVersion(ref: $ref) {
    metadataHistory(key: "accuracy", card: "metrics", first: 10) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        seq
        loggedAt
        retracted
        value {
          ... on DisplayValue {
            display
          }
        }
      }
    }
  }
}
`,
    variables: json(model),
  },
  {
    query: `# Logs facts about a version that already exists, by
# the name of its artifact and its version. In the
# variables, "note" is one fact without a card, and
# "review" is a card with two facts.
#
# $markdown marks a kind that JSON does not have, like
# $storageSize, $uri, $timestamp and others.
#
# Run it twice, and each key has two entries in its
# history; reading gives the later one.

mutation LogByNameAndVersion($input: LogMetadataInput!) {
  logMetadata(input: $input) {
    deduplicated
    subject {
      __typename
      id
    }
    entries {
      id
      key
      card
      kind
      seq
      loggedAt
    }
  }
}
`,
    variables: json({
      input: {
        target: { artifactVersion: { name: 'penguins_model', version: '1' } },
        metadata: {
          note: { $markdown: '**checked by hand**' },
          review: { approved: true, score: 0.9 },
        },
      },
    }),
  },
  {
    query: `# Logs facts from inside a running step, before the
# artifact version exists: they wait on the output of
# the step, and belong to the version as soon as it
# is saved.
#
# The run button lists the three operations. Run them
# in this order.

# 1. Begin a run of the pipeline "demo". Then copy
#    pipelineRun.id from the answer into the variable
#    "pipelineRunId" below.
mutation LogFromAStep1_StartRun {
  startPipelineRun(input: { pipeline: "demo" }) {
    pipelineRun {
      id
    }
  }
}

# 2. Begin the step "train" of that run, which will
#    produce one output, "model". Then copy stepRun.id
#    from the answer into the variable "stepRunId".
mutation LogFromAStep2_StartStep($pipelineRunId: ID!) {
  startStepRun(
    input: {
      pipelineRunId: $pipelineRunId
      name: "train"
      outputs: [{ name: "model" }]
    }
  ) {
    stepRun {
      id
      outputs {
        name
      }
    }
  }
}

# 3. Log facts about the output of that step, then
#    save it as the next version of "demo_model".
#    There is nothing to copy: metadataJson shows that
#    the version has the facts. An output is saved
#    once; for another version begin again at 2.
mutation LogFromAStep3_LogAndSave($stepRunId: ID!) {
  logMetadata(
    input: {
      target: { stepContext: { stepRunId: $stepRunId } }
      metadata: {
        framework: "scikit-learn"
        metrics: { accuracy: 0.97, epochs: 12 }
      }
    }
  ) {
    subject {
      __typename
      id
    }
    entries {
      card
      key
      kind
    }
  }
  createArtifactVersion(
    input: {
      artifact: "demo_model"
      output: { stepRunId: $stepRunId, name: "model" }
    }
  ) {
    artifactVersion {
      id
      version
      metadataJson
    }
  }
}
`,
    variables: json({
      pipelineRunId: 'paste the id from 1',
      stepRunId: 'paste the id from 2',
    }),
  },
  {
    query: `# Lists the versions of an artifact, newest first,
# each with its facts as plain JSON. For the next
# page, add after: "…" with the endCursor of this one.

query VersionsOfAnArtifact($name: String!) {
  artifact(name: $name) {
    name
    versions(first: 10) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        version
        number
        createdAt
        metadataJson
      }
    }
  }
}
`,
    variables: json({ name: 'penguins_model' }),
  },
  {
    query: `# Finds versions by what was logged about them, and
# sorts them by it. A version without a value for the
# key comes last. docs/queries.md has more examples.

query FindAndSort(
  $where: ArtifactVersionFilter
  $orderBy: [ArtifactVersionOrder!]
) {
  artifactVersions(where: $where, orderBy: $orderBy, first: 10) {
    totalCount
    nodes {
      artifact {
        name
      }
      number
      aliases
      metadataEntry(card: "metrics", key: "accuracy") {
        value {
          ... on DisplayValue {
            display
          }
        }
      }
    }
  }
  # Which keys could be asked for.
  metadataKeys(first: 100) {
    card
    key
  }
}
`,
    variables: json({
      where: {
        and: [
          { metadata: { card: 'metrics', key: 'accuracy', gte: 0.9 } },
          { not: { alias: { eq: 'best' } } },
        ],
      },
      orderBy: [{ metadata: { card: 'metrics', key: 'accuracy' }, direction: 'DESC' }],
    }),
  },
];
