// Who the caller is, and the projects of the server.

import { createContext, type ReactNode, use } from 'react';

import { graphql } from './graphql';
import type { ViewerQuery } from './gen/graphql';
import { type Answer, useRead } from './query';

const Viewer = graphql(`
  query Viewer {
    viewer { name role isOwner project { id name } }
    projects(first: 100) { nodes { id name } }
    serverInfo { version features }
  }
`);

const ViewerContext = createContext<Answer<ViewerQuery> | null>(null);

/** Reads the caller once for all pages. */
export function ViewerProvider({ children }: { children: ReactNode }) {
  return <ViewerContext value={useRead(Viewer, {})}>{children}</ViewerContext>;
}

/** Returns the caller, the projects and the features of the server. */
export function useViewer() {
  const { data, failure, loading, reload } = use(ViewerContext)!;
  const role = data?.viewer?.role;
  return {
    viewer: data?.viewer ?? undefined,
    projects: data?.projects?.nodes ?? [],
    version: data?.serverInfo?.version,
    /** True if the server requires an API key. */
    requiresKey: failure?.code === 'UNAUTHENTICATED' || data?.serverInfo?.features.includes('apiKeys') === true,
    /** The project of pages whose URL has none. */
    defaultProject: data ? (data.viewer?.project?.name ?? 'default') : undefined,
    mayWrite: data?.viewer?.isOwner === true || role === 'WRITER' || role === 'ADMIN',
    mayAdminister: data?.viewer?.isOwner === true || role === 'ADMIN',
    failure,
    loading,
    reload,
  };
}
