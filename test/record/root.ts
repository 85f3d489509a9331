import type { Root } from '../../src/model/record.ts';

/** The Deployment that the recordings of the simulated cluster are about. */
export const WEB: Root = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'web',
};
