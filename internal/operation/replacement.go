package operation

import (
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/placard/placard/internal/near"
)

// replacements maps names that are not in the schema to the names that a caller needs: names of earlier releases and
// common guesses. A key is a type, `Type.field` or `Type.field(argument)`. The value for a type is a type. The value
// for a field or an argument is a name in the same place, and each further name is a field of the one before it.
var replacements = map[string]string{
	"MetadataPredicate":   "MetadataFilter",
	"StepInputInput":      "StepInputDeclaration",
	"StepOutputInput":     "StepOutputDeclaration",
	"StepOutputReference": "StepOutputRef",
	"TextFilter":          "StringFilter",
	"TimeFilter":          "DateTimeFilter",
	"ComparisonChange":    "ComparisonCell",
	"LineageEdge":         "LineageLink",

	"Artifact.latest":               "latestVersion",
	"ArtifactVersion.entries":       "metadata",
	"ArtifactVersion.name":          "artifact.name",
	"ArtifactVersion.output":        "producer.output",
	"ArtifactVersion.pipelineRun":   "producer.stepRun.pipelineRun",
	"ArtifactVersion.stepRun":       "producer.stepRun",
	"AuditEvent.actor":              "createdBy",
	"AuditEvent.at":                 "createdAt",
	"AuditEvent.subject":            "description",
	"AuditEvent.subjectId":          "object.id",
	"ComparisonRow.changes":         "cells",
	"ComparisonRow.delta":           "cells.delta",
	"ComparisonRow.entries":         "cells.entry",
	"ComparisonRow.relativeDelta":   "cells.relativeDelta",
	"Lineage.edges":                 "links",
	"Lineage.nodes":                 "versions",
	"MetadataEntry.createdAt":       "loggedAt",
	"MetadataEntry.createdBy":       "loggedBy",
	"MetadataKeyUsage.versions":     "versionCount",
	"MetadataSeries.missing":        "missingCount",
	"MetadataStatistics.nonFinite":  "nonFiniteCount",
	"MetadataStatistics.notNumbers": "nonNumericCount",
	"PipelineRun.endedAt":           "finishedAt",
	"PipelineRun.name":              "pipeline",
	"StepRun.endedAt":               "finishedAt",

	"MetadataKeyUsageConnection.card":      "nodes.card",
	"MetadataKeyUsageConnection.coverage":  "nodes.coverage",
	"MetadataKeyUsageConnection.key":       "nodes.key",
	"MetadataKeyUsageConnection.kinds":     "nodes.kinds",
	"MetadataKeyUsageConnection.lastEntry": "nodes.lastEntry",
	"MetadataKeyUsageConnection.max":       "nodes.max",
	"MetadataKeyUsageConnection.min":       "nodes.min",
	"MetadataKeyUsageConnection.versions":  "nodes.versionCount",

	"Query.aliases":                "aliasUsage",
	"Query.pipelines":              "pipelineUsage",
	"Query.tags":                   "tagUsage",
	"Query.types":                  "typeUsage",
	"Query.me":                     "viewer",
	"Query.runs":                   "pipelineRuns",
	"Query.pipelineRuns(pipeline)": "where.pipeline.eq",
	"Query.versions":               "artifactVersions",

	"AliasUsage.count":                "artifactCount",
	"MetadataKeyUsage.count":          "versionCount",
	"MetadataValueUsage.versionCount": "count",
	"PipelineUsage.count":             "runCount",
	"TagUsage.count":                  "versionCount",
	"TypeUsage.count":                 "versionCount",
	"TimelineEvent.action":            "kind",
	"TimelineEvent.actor":             "createdBy",
	"TimelineEvent.at":                "createdAt",
	"Query.timeline":                  "project.timeline",
	"Query.tagUsage(artifact)":        "where.artifact.eq",
	"Query.typeUsage(artifact)":       "where.artifact.eq",

	"Mutation.addAlias":                      "setAlias",
	"Mutation.addArtifactVersionMetadata":    "logMetadata",
	"Mutation.addMetadata":                   "logMetadata",
	"Mutation.bindStepOutput":                "bindOutput",
	"Mutation.deletePipeline":                "deletePipelineRun",
	"Mutation.deleteRun":                     "deletePipelineRun",
	"Mutation.eraseMetadataEntry":            "eraseMetadata",
	"Mutation.addTag":                        "tagArtifactVersion",
	"Mutation.createAlias":                   "setAlias",
	"Mutation.createArtifact":                "createArtifactVersion",
	"Mutation.createMetadata":                "logMetadata",
	"Mutation.createPipelineRun":             "startPipelineRun",
	"Mutation.createRun":                     "startPipelineRun",
	"Mutation.createStepRun":                 "startStepRun",
	"Mutation.createVersion":                 "createArtifactVersion",
	"Mutation.deleteAlias":                   "removeAlias",
	"Mutation.deleteApiKey":                  "revokeApiKey",
	"Mutation.deleteMetadata":                "retractMetadata",
	"Mutation.deleteTag":                     "untagArtifactVersion",
	"Mutation.deleteVersion":                 "deleteArtifactVersion",
	"Mutation.endPipelineRun":                "finishPipelineRun",
	"Mutation.endStepRun":                    "finishStepRun",
	"Mutation.registerArtifact":              "createArtifactVersion",
	"Mutation.registerArtifactVersion":       "createArtifactVersion",
	"Mutation.removeMetadata":                "retractMetadata",
	"Mutation.removeTag":                     "untagArtifactVersion",
	"Mutation.setMetadata":                   "logMetadata",
	"Mutation.updateArtifactVersionMetadata": "logMetadata",
	"Mutation.updateMetadata":                "logMetadata",

	"ArtifactVersionFilter.aliases":        "alias",
	"ArtifactVersionFilter.name":           "artifact",
	"ArtifactVersionFilter.pipeline":       "producedBy.pipeline",
	"ArtifactVersionFilter.tags":           "tag",
	"CreateArtifactVersionInput.name":      "artifact",
	"CreateArtifactVersionInput.stepRunId": "output.stepRunId",
	"LogMetadataInput.artifactVersion":     "target.artifactVersion",
	"LogMetadataInput.artifactVersionId":   "target.artifactVersionId",
	"LogMetadataInput.pipelineRunId":       "target.pipelineRunId",
	"LogMetadataInput.stepRunId":           "target.stepRunId",
	"MetadataFilter.equals":                "eq",
	"MetadataFilter.neq":                   "ne",
	"MetadataFilter.value":                 "eq",
	"MetadataValueInput.bool":              "boolean",
	"MetadataValueInput.int":               "integer",
	"MetadataValueInput.text":              "string",
	"PipelineRunFilter.name":               "pipeline",
	"StartStepRunInput.runId":              "pipelineRunId",
	"StepRunFilter.step":                   "name",
	"StringFilter.equals":                  "eq",
	"Query.artifactVersions(filter)":       "where",
	"Query.artifactVersions(artifact)":     "where.artifact.eq",
	"Query.pipelineRuns(status)":           "where.status.eq",
	"Artifact.versions(filter)":            "where",

	"BindOutputInput.artifactVersionId":       "artifactVersion.id",
	"BindOutputInput.stepRunId":               "output.stepRunId",
	"CreateArtifactVersionInput.id":           "clientId",
	"DeleteArtifactInput.id":                  "artifactId",
	"DeleteArtifactVersionInput.id":           "artifactVersionId",
	"DeletePipelineRunInput.id":               "pipelineRunId",
	"DeleteProjectInput.id":                   "projectId",
	"DeleteProjectInput.project":              "name",
	"EraseMetadataInput.keys":                 "entryIds",
	"EraseMetadataInput.target":               "entryIds",
	"FinishPipelineRunInput.id":               "pipelineRunId",
	"FinishStepOutputInput.artifactName":      "artifact",
	"FinishStepOutputInput.artifactVersion":   "reuse",
	"FinishStepOutputInput.artifactVersionId": "reuse.id",
	"FinishStepRunInput.id":                   "stepRunId",
	"StartPipelineRunInput.id":                "clientId",
	"StartPipelineRunInput.name":              "pipeline",
	"StartStepRunInput.id":                    "clientId",
	"StepOutputRef.artifactName":              "name",
	"UpdateArtifactInput.id":                  "artifactId",
	"UpdateArtifactVersionInput.id":           "artifactVersionId",
	"UpdateProjectInput.id":                   "projectId",
	"DateTimeFilter.after":                    "gt",
	"DateTimeFilter.before":                   "lt",
	"DateTimeFilter.from":                     "gte",
	"DateTimeFilter.to":                       "lte",
	"MetadataFilter.greaterThan":              "gt",
	"MetadataFilter.lessThan":                 "lt",
	"StringFilter.like":                       "contains",
	"StringFilter.neq":                        "ne",
}

// findReplacement returns the end of a message that names the replacement of an unknown name; empty if there is none in
// the schema.
func findReplacement(schema *ast.Schema, name string) string {
	replacement, ok := replacements[name]
	if !ok {
		return ""
	}
	typeName, member, isMember := strings.Cut(name, ".")
	if !isMember {
		if schema.Types[replacement] == nil {
			return ""
		}
		return "; use " + near.Quote([]string{replacement})
	}
	definition := schema.Types[typeName]
	if definition == nil {
		return ""
	}
	fields := definition.Fields
	fieldName, _, isArgument := strings.Cut(member, "(")
	if isArgument {
		fields = argumentFields(definition.Fields.ForName(fieldName))
	}
	path := strings.Split(replacement, ".")
	for _, step := range path {
		field := fields.ForName(step)
		if field == nil {
			return ""
		}
		fields = nil
		if next := schema.Types[field.Type.Name()]; next != nil {
			fields = next.Fields
		}
	}
	isInput := isArgument || definition.Kind == ast.InputObject
	return "; use " + near.Quote([]string{nestNames(path, isInput)})
}

// argumentFields returns the arguments of a field as fields of an input.
func argumentFields(field *ast.FieldDefinition) ast.FieldList {
	var fields ast.FieldList
	if field != nil {
		for _, argument := range field.Arguments {
			fields = append(fields, &ast.FieldDefinition{Name: argument.Name, Type: argument.Type})
		}
	}
	return fields
}

// nestNames returns names as a query spells them, each inside the one before it.
func nestNames(path []string, isInput bool) string {
	nested := path[len(path)-1]
	if isInput && len(path) > 1 {
		nested += ": …"
	}
	for _, name := range slices.Backward(path[:len(path)-1]) {
		if isInput {
			nested = name + ": {" + nested + "}"
		} else {
			nested = name + " { " + nested + " }"
		}
	}
	return nested
}
