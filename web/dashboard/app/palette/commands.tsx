// The commands of the palette: the objects that a text finds, the pages, and what a person can do everywhere.

import { useNavigate } from '@tanstack/react-router';

import { usePageQuery } from '../../api/page-query';
import type { MenuChoice } from '../../ui/Menu';
import { graphiqlAddress } from '../graphiql';
import { navigation } from '../navigation';
import { chooseTheme, type Theme } from '../theme';
import { useFound } from './found';

export interface Command extends MenuChoice {
  run(): void;
}

export interface Group {
  title: string;
  commands: Command[];
}

/** Returns the groups of commands that contain a text. */
export function useCommands(text: string): Group[] {
  const navigate = useNavigate();
  const page = usePageQuery();
  const found = useFound(text);
  const contains = ({ textValue }: Command) => textValue.toLowerCase().includes(text.toLowerCase());
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
    ...found,
    { title: 'Pages', commands: pages.filter(contains) },
    { title: 'Commands', commands: [graphiql, ...themes].filter(contains) },
  ];
}
