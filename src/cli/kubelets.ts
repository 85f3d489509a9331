import { readFile } from 'node:fs/promises';
import type { Connection } from '../kube/connection.ts';
import { KubeletClients } from '../kube/kubelet.ts';
import { FaroError, messageOf } from '../model/errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { CommandContext } from './context.ts';
import type { CaptureOptions } from './options.ts';

/** Clients of the kubelets, where `--kubelet-direct` asks for them. */
export async function kubeletsFor(
  connection: Connection,
  options: Pick<CaptureOptions, 'kubeletDirect' | 'kubeletCa' | 'kubeletInsecure'>,
  { port, context, log }: { readonly port: number; readonly context: Pick<CommandContext, 'clock'>; readonly log: Log },
): Promise<KubeletClients | undefined> {
  const { kubeletDirect = false, kubeletCa, kubeletInsecure: insecureSkipVerify = false } = options;
  if (!kubeletDirect) return undefined;
  if (insecureSkipVerify)
    log.warn(
      {},
      'the certificates of kubelets are not verified (--kubelet-insecure): anyone in between can read the token',
    );
  const ca = kubeletCa === undefined ? connection.tls.ca : await authorityIn(kubeletCa);
  return new KubeletClients(connection, {
    port,
    trust: { ca, serverName: undefined, insecureSkipVerify },
    clock: context.clock,
  });
}

async function authorityIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new FaroError('usage', `--kubelet-ca: ${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
