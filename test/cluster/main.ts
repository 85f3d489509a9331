import { spawnSync } from 'node:child_process';
import { Cluster } from './cluster.ts';

/** `node test/cluster/main.ts up|down|kubectl ARGS…`: the test cluster by hand. */
const [command, ...args] = process.argv.slice(2);
switch (command) {
  case 'up': {
    const cluster = await Cluster.start();
    process.stdout.write(`${cluster.kubeconfig}\n`);
    break;
  }
  case 'down':
    await Cluster.stop();
    break;
  case 'kubectl': {
    const cluster = await Cluster.start();
    process.exitCode =
      spawnSync(cluster.kubectlPath, ['--kubeconfig', cluster.kubeconfig, ...args], { stdio: 'inherit' }).status ?? 1;
    break;
  }
  default:
    process.stderr.write('usage: node test/cluster/main.ts up | down | kubectl ARGS…\n');
    process.exitCode = 2;
}
