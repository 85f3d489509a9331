import { IMAGE } from '../../cluster/cluster.ts';

/** A container of the test image; `args` one by one, so that they may hold spaces. */
export function container(name: string, args: readonly string[], more: object = {}): object {
  return { name, image: IMAGE, imagePullPolicy: 'Never', args, ...more };
}

/** A container that serves and waits, however long. */
export function server(name: string, more: object = {}): object {
  return container(name, ['-n', '3', '-wait', '-1s', '-port', '8080'], { ports: [{ containerPort: 8080 }], ...more });
}

interface WorkloadSpec {
  readonly replicas?: number;
  /** Fields of the pods' spec beside its containers. */
  readonly pod?: object;
  /** Fields of the workload's spec. */
  readonly spec?: object;
}

function template(name: string, containers: readonly object[], pod: object): object {
  return {
    metadata: { labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, containers, ...pod },
  };
}

export function deployment(name: string, containers: readonly object[], options: WorkloadSpec = {}): object {
  const { replicas = 1, pod = {}, spec = {} } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name, containers, pod), ...spec },
  };
}

export function statefulSet(name: string, containers: readonly object[], options: WorkloadSpec = {}): object {
  const { replicas = 1, pod = {}, spec = {} } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      serviceName: name,
      replicas,
      selector: { matchLabels: { app: name } },
      template: template(name, containers, pod),
      ...spec,
    },
  };
}

export function job(name: string, containers: readonly object[], options: WorkloadSpec = {}): object {
  const { pod = {}, spec = {} } = options;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { backoffLimit: 0, template: template(name, containers, { restartPolicy: 'Never', ...pod }), ...spec },
  };
}

export function pod(name: string, containers: readonly object[], more: object = {}): object {
  const { spec } = template(name, containers, more) as { spec: object };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } }, spec };
}

export function configMap(name: string, data: object): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/** A probe that fails or succeeds within seconds. */
export function httpProbe(path: string, more: object = {}): object {
  return { httpGet: { path, port: 8080 }, periodSeconds: 1, failureThreshold: 2, ...more };
}
