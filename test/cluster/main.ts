import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { buildBinaries, VERSIONS } from './build.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';

/** The test cluster by hand: `node test/cluster/main.ts up|down|build|kubectl ARGS… [--version 1.34.4] [--number 1] [--log-max-size 1Mi]`. */
const [command, ...rest] = process.argv.slice(2);
const isKubectl = command === 'kubectl';
const { values } = parseArgs({
  args: isKubectl ? [] : rest,
  options: { version: { type: 'string' }, number: { type: 'string' }, 'log-max-size': { type: 'string' } },
});
const version = VERSIONS.find((known) => known === values.version) ?? VERSIONS[0];
if (values.version !== undefined && version !== values.version)
  throw new Error(`there is no test cluster of ${values.version}, only of ${VERSIONS.join(' and ')}`);
const logMaxSize = values['log-max-size'];
const options: ClusterOptions = {
  version,
  number: Number(values.number ?? 0),
  settings: logMaxSize === undefined ? {} : { logMaxSize },
};
switch (command) {
  case 'up':
    process.stdout.write(`${(await Cluster.start(options)).kubeconfig}\n`);
    break;
  case 'down':
    await Cluster.stop(options);
    break;
  case 'build':
    await buildBinaries(version);
    break;
  case 'kubectl': {
    const cluster = await Cluster.start();
    const args = ['--kubeconfig', cluster.kubeconfig, ...rest];
    process.exitCode = spawnSync(cluster.kubectlPath, args, { stdio: 'inherit' }).status ?? 1;
    break;
  }
  default:
    process.stderr.write('usage: node test/cluster/main.ts up | down | build | kubectl ARGS…\n');
    process.exitCode = 2;
}
