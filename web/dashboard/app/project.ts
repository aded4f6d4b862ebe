import { useSearch } from '@tanstack/react-router';

import { useViewer } from '../api/viewer';

/** Returns the project of the page: that of the URL, else that of the caller. It is undefined while the caller is unknown. */
export function useProject(): string | undefined {
  const { project } = useSearch({ strict: false });
  const { defaultProject } = useViewer();
  return project ?? defaultProject;
}
