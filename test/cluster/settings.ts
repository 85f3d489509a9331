import { join } from 'node:path';

/** What a test may set. */
export interface ClusterSettings {
  /** Size at which the kubelet rotates a container's log, e.g. `10Mi`. */
  readonly logMaxSize: string;
  readonly logMaxFiles: number;
  /** Further arguments of the API server, e.g. `--feature-gates=WatchList=false`. */
  readonly apiserverArgs: readonly string[];
}

/** Where one cluster keeps everything, and what it takes of the machine; clusters of other numbers run beside it. */
export interface ClusterPlace {
  readonly folder: string;
  readonly number: number;
}

export function addresses({ number }: ClusterPlace) {
  return {
    apiserver: `https://127.0.0.1:${6443 + number}`,
    apiserverPort: 6443 + number,
    etcd: `http://127.0.0.1:${12379 + 10 * number}`,
    etcdPeer: `http://127.0.0.1:${12380 + 10 * number}`,
    kubeletPort: 10250 + 10 * number,
    /** Ports that components would all take the same of; 0 where they can be told not to listen. */
    controllerManagerPort: 20257 + 10 * number,
    schedulerPort: 20259 + 10 * number,
    kubeletHealthPort: 20248 + 10 * number,
    nodeIp: `10.89.${number}.1`,
    bridge: `faro-node${number}`,
    podBridge: `faro-pods${number}`,
    podSubnet: `10.88.${number}.0/24`,
  };
}

/** Clusters beside each other must not take each other's pods for strays; the first one has the machine's own root. */
export function cgroupRoot({ number }: ClusterPlace): string {
  return `/faro-test-${number}`;
}

/** The arguments of each component of the control plane. */
export function componentArgs(
  place: ClusterPlace,
  settings: ClusterSettings,
): Readonly<Record<string, readonly string[]>> {
  const at = addresses(place);
  const file = (name: string) => join(place.folder, name);
  const pki = (name: string) => join(place.folder, 'pki', name);
  return {
    etcd: [
      '--data-dir',
      file('etcd'),
      '--listen-client-urls',
      at.etcd,
      '--advertise-client-urls',
      at.etcd,
      '--listen-peer-urls',
      at.etcdPeer,
      '--initial-advertise-peer-urls',
      at.etcdPeer,
      '--initial-cluster',
      `default=${at.etcdPeer}`,
      '--unsafe-no-fsync',
      '--log-level',
      'warn',
    ],
    'kube-apiserver': [
      '--etcd-servers',
      at.etcd,
      '--secure-port',
      String(at.apiserverPort),
      '--bind-address',
      '127.0.0.1',
      '--advertise-address',
      '127.0.0.1',
      '--tls-cert-file',
      pki('apiserver.crt'),
      '--tls-private-key-file',
      pki('apiserver.key'),
      '--client-ca-file',
      pki('ca.crt'),
      '--kubelet-client-certificate',
      pki('apiserver-kubelet.crt'),
      '--kubelet-client-key',
      pki('apiserver-kubelet.key'),
      '--kubelet-certificate-authority',
      pki('ca.crt'),
      '--kubelet-preferred-address-types',
      'InternalIP',
      '--service-account-issuer',
      'https://kubernetes.default.svc',
      '--service-account-key-file',
      pki('sa.pub'),
      '--service-account-signing-key-file',
      pki('sa.key'),
      '--service-cluster-ip-range',
      '10.96.0.0/16',
      '--authorization-mode',
      'Node,RBAC',
      '--endpoint-reconciler-type',
      'none',
      ...settings.apiserverArgs,
    ],
    'kube-controller-manager': [
      '--kubeconfig',
      file('controller-manager.kubeconfig'),
      '--service-account-private-key-file',
      pki('sa.key'),
      '--root-ca-file',
      pki('ca.crt'),
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--secure-port',
      String(at.controllerManagerPort),
      '--bind-address',
      '127.0.0.1',
    ],
    'kube-scheduler': [
      '--kubeconfig',
      file('scheduler.kubeconfig'),
      '--leader-elect=false',
      '--secure-port',
      String(at.schedulerPort),
      '--bind-address',
      '127.0.0.1',
    ],
    kubelet: [
      '--config',
      file('kubelet.json'),
      '--kubeconfig',
      file('node.kubeconfig'),
      '--hostname-override',
      'node1',
      '--node-ip',
      at.nodeIp,
      '--root-dir',
      file('kubelet'),
      '--cert-dir',
      file('kubelet/pki'),
      '--resolv-conf',
      '',
    ],
  };
}

/** `maxContainerRestartPeriod` of a second lets crash tests end in seconds; the rest is what a bare machine needs. */
export function kubeletConfig(place: ClusterPlace, settings: ClusterSettings): object {
  const at = addresses(place);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    port: at.kubeletPort,
    healthzPort: at.kubeletHealthPort,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(place.folder, 'pki/ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(place.folder, 'pki/kubelet-serving.crt'),
    tlsPrivateKeyFile: join(place.folder, 'pki/kubelet-serving.key'),
    containerRuntimeEndpoint: `unix://${join(place.folder, 'containerd.sock')}`,
    cgroupDriver: 'cgroupfs',
    ...(place.number === 0 ? {} : { cgroupRoot: cgroupRoot(place) }),
    failCgroupV1: false,
    failSwapOn: false,
    maxPods: 250,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    containerLogMaxSize: settings.logMaxSize,
    containerLogMaxFiles: settings.logMaxFiles,
    enforceNodeAllocatable: [],
    localStorageCapacityIsolation: false,
    makeIPTablesUtilChains: false,
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    featureGates: { KubeletCrashLoopBackOffMax: true },
    crashLoopBackOff: { maxContainerRestartPeriod: '1s' },
  };
}

/** What each pod's sandbox runs. */
export const PAUSE_IMAGE = 'faro.test/pause:1';

export function containerdConfig(place: ClusterPlace, runtime: string): string {
  return `version = 3
root = "${join(place.folder, 'containerd/root')}"
state = "${join(place.folder, 'containerd/run')}"
[grpc]
  address = "${join(place.folder, 'containerd.sock')}"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${PAUSE_IMAGE}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["${join(runtime, 'cni')}"]
    conf_dir = "${join(place.folder, 'cni')}"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;
}

export function cniConfig(place: ClusterPlace): object {
  const { podBridge, podSubnet } = addresses(place);
  const ipam = {
    type: 'host-local',
    dataDir: join(place.folder, 'ipam'),
    ranges: [[{ subnet: podSubnet }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return {
    cniVersion: '1.0.0',
    name: 'faro',
    plugins: [{ type: 'bridge', bridge: podBridge, isGateway: true, ipMasq: false, ipam }],
  };
}
