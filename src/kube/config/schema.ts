import * as z from 'zod';

/**
 * A kubeconfig file as client-go decodes it: unknown fields are ignored, null and the empty string are the same as
 * nothing, and a value of the wrong type anywhere spoils the file.
 */
const text = z
  .string()
  .nullish()
  .transform((value) => value || undefined);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value === true);

function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
}

const extensions = listOf(z.object({ name: text, extension: z.unknown() }));

const clusterFields = z.object({
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'proxy-url': text,
  'disable-compression': flag,
  extensions,
});

const execFields = z.object({
  apiVersion: text,
  command: text,
  args: listOf(z.string().nullable()),
  env: listOf(z.object({ name: text, value: text })),
  installHint: text,
  interactiveMode: text,
  provideClusterInfo: flag,
});

const userFields = z.object({
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
  'as-groups': listOf(z.string()),
  'as-user-extra': z
    .record(z.string(), listOf(z.string()))
    .nullish()
    .transform((value) => value ?? {}),
  'auth-provider': z.object({ name: text }).nullish(),
  exec: execFields.nullish(),
});

const contextFields = z.object({ cluster: text, user: text, namespace: text });

/** The whole file; lists of named entries, as they stand in it. */
export const kubeconfigSchema = z
  .object({
    apiVersion: text,
    kind: text,
    'current-context': text,
    clusters: listOf(z.object({ name: text, cluster: clusterFields.nullish() }).nullable()),
    users: listOf(z.object({ name: text, user: userFields.nullish() }).nullable()),
    contexts: listOf(z.object({ name: text, context: contextFields.nullish() }).nullable()),
  })
  .nullish();

export type ClusterFields = z.infer<typeof clusterFields>;
export type UserFields = z.infer<typeof userFields>;
export type ExecFields = z.infer<typeof execFields>;
export type ContextFields = z.infer<typeof contextFields>;

export const emptyCluster: ClusterFields = clusterFields.parse({});
export const emptyUser: UserFields = userFields.parse({});
export const emptyContext: ContextFields = contextFields.parse({});
