import { Empty } from '../ui/State';

/** Shows that the project of the address does not exist. */
export const NoProject = () => <Empty icon="search" title="There is no such project" page />;
