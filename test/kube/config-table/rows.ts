import type { Row } from './row.ts';
import { credentialRows } from './rows-credentials.ts';
import { execRows } from './rows-exec.ts';
import { fileRows } from './rows-files.ts';
import { networkRows } from './rows-network.ts';
import { trustRows } from './rows-trust.ts';
import { yamlRows } from './rows-yaml.ts';

/** Every way to name a server and a user that the table judges. */
export const rows: readonly Row[] = [
  ...credentialRows,
  ...execRows,
  ...fileRows,
  ...networkRows,
  ...trustRows,
  ...yamlRows,
];
