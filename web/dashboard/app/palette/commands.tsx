// The commands of the palette: the objects that contain a text, the pages, and what a person can do everywhere.

import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useDeferredValue } from 'react';

import { graphql } from '../../api/graphql';
import { usePageQuery } from '../../api/page-query';
import { useRead } from '../../api/query';
import type { IconName } from '../../ui/Icon';
import { Text } from '../../values/Text';
import { graphiqlAddress } from '../graphiql';
import { navigation } from '../navigation';
import { useProject } from '../project';
import { chooseTheme, type Theme } from '../theme';

const Search = graphql(`
  query Search($project: String, $text: String!) {
    artifacts(project: $project, where: { name: { contains: $text, ignoreCase: true } }, first: 8) {
      nodes {
        id
        name
      }
    }
    artifactVersions(
      project: $project
      where: {
        or: [
          { version: { contains: $text, ignoreCase: true } }
          { tag: { contains: $text, ignoreCase: true } }
          { alias: { contains: $text, ignoreCase: true } }
          { type: { contains: $text, ignoreCase: true } }
        ]
      }
      first: 8
    ) {
      nodes {
        id
        version
        number
        type
        aliases
        artifact {
          id
          name
        }
      }
    }
  }
`);

interface Command {
  id: string;
  icon: IconName;
  text: ReactNode;
  textValue: string;
  detail?: string;
  run(): void;
}

/**
 * Returns the groups of commands that contain a text. The first command has the focus, and it must not leave the list
 * before the text changes: Enter would do nothing. So results of an earlier text are shown only if they contain this one.
 */
export function useCommands(text: string): { title: string; commands: Command[] }[] {
  const navigate = useNavigate();
  const page = usePageQuery();
  const searched = useDeferredValue(text);
  const { data, loading } = useRead(Search, { project: useProject(), text: searched });
  const contains = ({ textValue }: Command) => textValue.toLowerCase().includes(text.toLowerCase());
  const artifacts = (data?.artifacts?.nodes ?? []).map(({ id, name }): Command => ({
    id,
    icon: 'box',
    text: <Text text={name} />,
    textValue: name,
    run: () => void navigate({ to: '/artifact', search: { name } }),
  }));
  const versions = (data?.artifactVersions?.nodes ?? []).map(({ id, version, type, artifact }): Command => ({
    id,
    icon: 'tag',
    text: <Text text={`${artifact.name} / ${version}`} />,
    textValue: `${artifact.name} ${version}`,
    detail: type ?? undefined,
    run: () => void navigate({ to: '/version', search: { name: artifact.name, version } }),
  }));
  const pages = navigation.map(({ to, text: title, icon }): Command => ({
    id: to,
    icon,
    text: title,
    textValue: title,
    run: () => void navigate({ to }),
  }));
  const themes = (['system', 'light', 'dark'] as const).map((theme: Theme): Command => ({
    id: `theme ${theme}`,
    icon: theme === 'dark' ? 'moon' : theme === 'light' ? 'sun' : 'screen',
    text: `Theme: ${theme}`,
    textValue: `Theme: ${theme}`,
    run: () => chooseTheme(theme),
  }));
  const graphiql: Command = {
    id: 'graphiql',
    icon: 'external',
    text: 'Open the query of this page in GraphiQL',
    textValue: 'Open the query of this page in GraphiQL',
    run: () => location.assign(graphiqlAddress(page)),
  };
  return [
    { title: 'Artifacts', commands: artifacts.filter(contains) },
    { title: 'Versions', commands: text === '' || text !== searched || loading ? [] : versions },
    { title: 'Pages', commands: pages.filter(contains) },
    { title: 'Commands', commands: [graphiql, ...themes].filter(contains) },
  ];
}
