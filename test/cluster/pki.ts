import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './build.ts';

/** Certificates by the name of their file; the subjects are what Kubernetes' own authorizers expect. */
function certificates(nodeIp: string): Readonly<Record<string, { subject: string; names: string }>> {
  return {
    apiserver: {
      subject: '/CN=kube-apiserver',
      names: 'DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1',
    },
    'apiserver-kubelet': { subject: '/O=system:masters/CN=apiserver-kubelet', names: 'DNS:client' },
    admin: { subject: '/O=system:masters/CN=admin', names: 'DNS:client' },
    'controller-manager': { subject: '/CN=system:kube-controller-manager', names: 'DNS:client' },
    scheduler: { subject: '/CN=system:kube-scheduler', names: 'DNS:client' },
    node: { subject: '/O=system:nodes/CN=system:node:node1', names: 'DNS:client' },
    'kubelet-serving': { subject: '/O=system:nodes/CN=system:node:node1', names: `DNS:node1,IP:${nodeIp}` },
  };
}

const KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';

/** Makes the cluster's authority, its certificates and the key of its service accounts, once. */
export async function makePki(folder: string, nodeIp: string): Promise<void> {
  if (existsSync(join(folder, 'done'))) return;
  await mkdir(folder, { recursive: true });
  const openssl = (args: string) => run('openssl', args.split(' '), { cwd: folder });
  await openssl(`req -x509 ${KEY} -days 3650 -subj /CN=faro-test-ca -keyout ca.key -out ca.crt`);
  await openssl('genrsa -out sa.key 2048');
  await openssl('rsa -in sa.key -pubout -out sa.pub');
  for (const name of Object.keys(certificates(nodeIp))) await renewCertificate(folder, nodeIp, name);
  await writeFile(join(folder, 'done'), '');
}

/** Makes a certificate with a new key, by the cluster's authority; whoever serves with it has to be restarted. */
export async function renewCertificate(folder: string, nodeIp: string, name: string): Promise<void> {
  const { subject, names } = certificates(nodeIp)[name] ?? { subject: '', names: '' };
  const openssl = (args: string) => run('openssl', args.split(' '), { cwd: folder });
  await writeFile(join(folder, `${name}.ext`), `subjectAltName=${names}`);
  await openssl(`req ${KEY} -subj ${subject} -keyout ${name}.key -out ${name}.csr`);
  await openssl(
    `x509 -req -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -out ${name}.crt -extfile ${name}.ext`,
  );
}

/** Writes a kubeconfig that holds its certificates, so that it can be used from anywhere. */
export async function writeKubeconfig(
  file: string,
  pki: string,
  about: { user: string; server: string },
): Promise<void> {
  const data = async (name: string) => (await readFile(join(pki, name))).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: about.server, 'certificate-authority-data': await data('ca.crt') } }],
    users: [
      {
        name: about.user,
        user: {
          'client-certificate-data': await data(`${about.user}.crt`),
          'client-key-data': await data(`${about.user}.key`),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user: about.user } }],
    'current-context': 'test',
  };
  await writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 });
}
