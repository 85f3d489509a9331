import { anything, type Decoded, fields, flag, listOf, mapOf, orNothing, orNull, string, text } from './decode.ts';

/**
 * A kubeconfig file as client-go decodes it: unknown fields are ignored, null and the empty string are the same as
 * nothing, and a value of the wrong type anywhere spoils the file.
 */
const extensions = listOf(fields({ name: text, extension: anything }));

const clusterFields = fields({
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'proxy-url': text,
  'disable-compression': flag,
  extensions,
});

const execFields = fields({
  apiVersion: text,
  command: text,
  args: listOf(orNull(string)),
  env: listOf(fields({ name: text, value: text })),
  installHint: text,
  interactiveMode: text,
  provideClusterInfo: flag,
});

const userFields = fields({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  'as-uid': text,
  'as-groups': listOf(string),
  'as-user-extra': mapOf(listOf(string)),
  'auth-provider': orNothing(fields({ name: text })),
  exec: orNothing(execFields),
});

const contextFields = fields({ cluster: text, user: text, namespace: text });

/** The whole file; lists of named entries, as they stand in it. */
export const decodeKubeconfig = orNothing(
  fields({
    apiVersion: text,
    kind: text,
    'current-context': text,
    clusters: listOf(orNull(fields({ name: text, cluster: orNothing(clusterFields) }))),
    users: listOf(orNull(fields({ name: text, user: orNothing(userFields) }))),
    contexts: listOf(orNull(fields({ name: text, context: orNothing(contextFields) }))),
  }),
);

export type ClusterFields = Decoded<typeof clusterFields>;
export type UserFields = Decoded<typeof userFields>;
export type ExecFields = Decoded<typeof execFields>;
export type ContextFields = Decoded<typeof contextFields>;

export const emptyCluster: ClusterFields = clusterFields({});
export const emptyUser: UserFields = userFields({});
export const emptyContext: ContextFields = contextFields({});
