// The pages of the navigation, in their order.

import type { IconName } from '../ui/Icon';

export const navigation = [{ to: '/', text: 'Artifacts', icon: 'box' }] as const satisfies readonly {
  to: string;
  text: string;
  icon: IconName;
}[];
