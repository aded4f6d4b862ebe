// The routes. web/README.md describes how to add a page.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent, retainSearchParams } from '@tanstack/react-router';

import { parseActivityAddress } from '../pages/activity/address';
import { parseArtifactAddress } from '../pages/artifact/address';
import { ArtifactsPage } from '../pages/artifacts/ArtifactsPage';
import { parseArtifactsAddress } from '../pages/artifacts/address';
import { parseCompareAddress } from '../pages/compare/address';
import { parseLineageAddress } from '../pages/lineage/address';
import { parseRunAddress } from '../pages/run/address';
import { parseRunsAddress } from '../pages/runs/address';
import { parseSettingsAddress } from '../pages/settings/address';
import { parseVersionAddress } from '../pages/version/address';
import { formatAddress, parseAddress, textOf } from './address';
import { basePath } from '../api/base';
import { Crashed, NotFound } from './Crashed';
import { Shell } from './Shell';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: (search): { project?: string } => ({ project: textOf(search.project) }),
  // The project stays the same from page to page.
  search: { middlewares: [retainSearchParams(['project'])] },
});

const artifacts = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: parseArtifactsAddress,
  component: ArtifactsPage,
});

const artifact = createRoute({
  getParentRoute: () => root,
  path: '/artifact',
  validateSearch: parseArtifactAddress,
  component: lazyRouteComponent(() => import('../pages/artifact/ArtifactPage'), 'ArtifactPage'),
});

const version = createRoute({
  getParentRoute: () => root,
  path: '/version',
  validateSearch: parseVersionAddress,
  component: lazyRouteComponent(() => import('../pages/version/VersionPage'), 'VersionPage'),
});

const compare = createRoute({
  getParentRoute: () => root,
  path: '/compare',
  validateSearch: parseCompareAddress,
  component: lazyRouteComponent(() => import('../pages/compare/ComparePage'), 'ComparePage'),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  validateSearch: parseRunsAddress,
  component: lazyRouteComponent(() => import('../pages/runs/RunsPage'), 'RunsPage'),
});

const run = createRoute({
  getParentRoute: () => root,
  path: '/run',
  validateSearch: parseRunAddress,
  component: lazyRouteComponent(() => import('../pages/run/RunPage'), 'RunPage'),
});

const lineage = createRoute({
  getParentRoute: () => root,
  path: '/lineage',
  validateSearch: parseLineageAddress,
  component: lazyRouteComponent(() => import('../pages/lineage/LineagePage'), 'LineagePage'),
});

const activity = createRoute({
  getParentRoute: () => root,
  path: '/activity',
  validateSearch: parseActivityAddress,
  component: lazyRouteComponent(() => import('../pages/activity/ActivityPage'), 'ActivityPage'),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: parseSettingsAddress,
  component: lazyRouteComponent(() => import('../pages/settings/SettingsPage'), 'SettingsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([artifacts, artifact, version, compare, runs, run, lineage, activity, settings]),
  basepath: basePath,
  parseSearch: parseAddress,
  stringifySearch: formatAddress,
  defaultErrorComponent: Crashed,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
