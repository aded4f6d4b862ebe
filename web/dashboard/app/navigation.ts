// The pages of the navigation, in their order.

import type { IconName } from '../ui/Icon';

export const navigation = [
  { to: '/', text: 'Artifacts', icon: 'box' },
  { to: '/compare', text: 'Compare', icon: 'compare' },
  { to: '/runs', text: 'Runs', icon: 'run' },
  { to: '/activity', text: 'Activity', icon: 'history' },
  { to: '/settings', text: 'Settings', icon: 'settings' },
] as const satisfies readonly {
  to: string;
  text: string;
  icon: IconName;
}[];
