// The objects that a text finds, as commands that open their pages.

import { useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useMemo } from 'react';

import type { ArtifactVersionFilter, SearchQuery } from '../../api/gen/graphql';
import { useRead } from '../../api/query';
import { Text } from '../../values/Text';
import { distanceOf } from '../../values/Time';
import { useProject } from '../project';
import type { Command, Group } from './commands';
import { Search } from './documents';

const idPattern = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Returns the artifacts, versions and runs that contain a text, and the object whose ID it is. The first command has the
 * focus, and it must not leave the list before the text changes: Enter would do nothing. So results of an earlier text are
 * shown only if they contain this one.
 */
export function useFound(text: string): Group[] {
  const open = useOpeners();
  const project = useProject();
  const searched = useDeferredValue(text);
  const variables = useMemo(
    () => ({ project, text: searched, versions: versionFilterOf(searched), id: searched.toLowerCase(), hasId: idPattern.test(searched) }),
    [project, searched],
  );
  const { data, loading } = useRead(Search, variables);
  const isOfText = text !== '' && text === searched && !loading;
  const artifacts = (data?.artifacts?.nodes ?? []).filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()));
  const versions = isOfText ? (data?.artifactVersions?.nodes ?? []) : [];
  const runs = isOfText ? (data?.pipelineRuns?.nodes ?? []) : [];
  return [
    { title: 'By its ID', commands: isOfText && data?.node ? commandOf(data.node, open) : [] },
    { title: 'Artifacts', commands: artifacts.map(({ id, name }) => open.artifact(id, { name })) },
    { title: 'Versions', commands: versions.map(({ id, version, type, artifact: { name } }) => open.version(id, { name, version }, type)) },
    {
      title: 'Runs',
      commands: runs.map(({ id, pipeline, status, startedAt }) => {
        const detail = `${status.toLowerCase()}, ${distanceOf(startedAt)}`;
        return open.run(id, { id }, pipeline, detail);
      }),
    },
  ];
}

/**
 * Returns the filter of versions by words: each of them is part of a name. A single word does not find a version by the
 * name of its artifact, because the artifact itself is found.
 */
export function versionFilterOf(text: string): ArtifactVersionFilter {
  const words = text.split(/[\s/]+/).filter((word) => word !== '');
  return {
    and: words.map((word): ArtifactVersionFilter => {
      const contains = { contains: word, ignoreCase: true };
      const names: ArtifactVersionFilter[] = [{ version: contains }, { tag: contains }, { alias: contains }, { type: contains }];
      return { or: words.length > 1 ? [{ artifact: contains }, ...names] : names };
    }),
  };
}

/** Returns functions that make commands for objects. `search` is the address of the page of the object. */
function useOpeners() {
  const navigate = useNavigate();
  const commandFor = (id: string, icon: Command['icon'], textValue: string, detail: string | null | undefined, run: () => void): Command => ({
    id,
    icon,
    text: <Text text={textValue} />,
    textValue,
    detail,
    run,
  });
  return {
    artifact: (id: string, search: { name: string; project?: string }) =>
      commandFor(id, 'box', search.name, undefined, () => void navigate({ to: '/artifact', search })),
    version: (id: string, search: { name: string; version: string; project?: string }, type?: string | null) =>
      commandFor(id, 'tag', `${search.name} / ${search.version}`, type, () => void navigate({ to: '/version', search })),
    run: (id: string, search: { id: string; project?: string }, name: string, detail: string) =>
      commandFor(id, 'run', name, detail, () => void navigate({ to: '/run', search })),
  };
}

/** Returns the command that opens an object in its project. */
function commandOf(node: NonNullable<SearchQuery['node']>, open: ReturnType<typeof useOpeners>): Command[] {
  const { id } = node;
  switch (node.__typename) {
    case 'Artifact':
      return [open.artifact(id, { name: node.name, project: node.project.name })];
    case 'ArtifactVersion':
      return [open.version(id, { name: node.artifact.name, version: node.version, project: node.artifact.project.name })];
    case 'PipelineRun':
      return [open.run(id, { id, project: node.project.name }, node.pipeline, 'run')];
    case 'StepRun': {
      const { name, pipelineRun: run } = node;
      return [open.run(id, { id: run.id, project: run.project.name }, `${name} of ${run.pipeline}`, 'step')];
    }
    default:
      return [];
  }
}
