/** Of a server with etcd they are decimal numbers that rise. */
const ORDERED = /^[1-9]\d*$/;

/** Whether the order of resourceVersions can be told. It is promised by no server, and kept by every one with etcd. */
export function areOrdered(...resourceVersions: readonly string[]): boolean {
  return resourceVersions.every((one) => ORDERED.test(one));
}

/** Of two that are ordered, and of one type. */
export function isNewer(resourceVersion: string, other: string): boolean {
  const longer = resourceVersion.length - other.length;
  return longer > 0 || (longer === 0 && resourceVersion > other);
}
