import type { FaroError } from '../../model/errors.ts';
import { type Entry, entryError } from './place.ts';
import type { ClusterFields } from './schema.ts';

/** The cluster's server as a URL; `host:port` alone means http, as for kubectl. A path has no slash at its end. */
export function serverUrl(cluster: Entry<ClusterFields>, text: string): URL {
  const hasScheme = text.includes('://');
  const url = parse(hasScheme ? text : `http://${text}`);
  if (url === undefined) throw fault(cluster, 'server is no URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw fault(cluster, `server has the scheme ${url.protocol}//, which is neither https nor http`);
  }
  if (!hasScheme && url.pathname !== '/') throw fault(cluster, 'server has a path but no scheme');
  if (url.username !== '' || url.password !== '') {
    const hint =
      'API servers know no basic auth since Kubernetes 1.19: use a token, a client certificate or an exec plugin.';
    throw entryError(cluster, ['server'], 'server holds a user name or password (basic auth)', hint);
  }
  url.search = '';
  url.hash = '';
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

function parse(text: string): URL | undefined {
  // URL's own error repeats the text, which may hold a password.
  return URL.canParse(text) ? new URL(text) : undefined;
}

function fault(cluster: Entry<ClusterFields>, problem: string): FaroError {
  return entryError(
    cluster,
    ['server'],
    problem,
    'Write it as https://HOST:PORT, with a path where the server has one.',
  );
}
