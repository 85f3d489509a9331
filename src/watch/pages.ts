import type { KubeClient, ListOptions, ListPage, WatchFrame } from '../kube/client.ts';
import { FaroError } from '../model/errors.ts';
import { groupResourceOf, type ResourceType } from '../model/resource.ts';

/** More objects of a type than any cluster holds that works: Kubernetes is tested with 150,000 pods. */
const MAX_OBJECTS = 1_000_000;
/** As long as a plain call may take. */
const MAX_MS = 600_000;
const MAX_PAGES = 10_000;
/** Pages without an object that a server may send one after the other, e.g. where a selector fits nothing. */
const MAX_EMPTY = 100;

/** A list's pages, from the first to the last. Throws FaroError `protocol` where it leads nowhere. */
export async function* pagesOf(
  client: Pick<KubeClient, 'list'>,
  { type, options }: { readonly type: ResourceType; readonly options: ListOptions },
  signal: AbortSignal,
): AsyncGenerator<ListPage> {
  const pages = new Pages(type);
  const { resourceVersion, resourceVersionMatch, ...everywhere } = options;
  let page = await client.list(type, options, signal);
  for (;;) {
    pages.take(page);
    yield page;
    if (page.continue === undefined || page.continue === '') return;
    page = await client.list(type, { ...everywhere, continue: page.continue }, signal);
  }
}

/** The pages of one list. A server that never ends it, or sends it round in a circle, must not be believed for ever. */
export class Pages {
  readonly #type: ResourceType;
  readonly #seen = new Set<string>();
  #empty = 0;
  #objects = 0;

  constructor(type: ResourceType) {
    this.#type = type;
  }

  /** Of a list that comes object by object, those that came. */
  get objects(): number {
    return this.#objects;
  }

  /** Throws FaroError `protocol` where the list leads nowhere. */
  take({ items, continue: next }: ListPage): void {
    if (next === undefined || next === '') return;
    this.#empty = items.length === 0 ? this.#empty + 1 : 0;
    if (this.#seen.has(next)) throw this.#endless('gave the same continue token twice');
    if (this.#empty > MAX_EMPTY) throw this.#endless(`sent ${MAX_EMPTY} pages without an object, one after the other`);
    if (this.#seen.size >= MAX_PAGES) throw this.#endless(`did not end after ${MAX_PAGES} pages`);
    this.#seen.add(next);
  }

  /** The same for a list that comes object by object, for so many milliseconds now, with a bookmark now and then. */
  takeFrame({ type }: WatchFrame, ms: number): void {
    if (type !== 'BOOKMARK') this.#objects += 1;
    if (this.#objects > MAX_OBJECTS) throw this.#endless(`did not end after ${MAX_OBJECTS} objects`);
    if (ms > MAX_MS) throw this.#endless(`did not end within ${MAX_MS / 60_000} minutes`);
  }

  #endless(what: string): FaroError {
    return new FaroError('protocol', `the list of ${groupResourceOf(this.#type)} ${what}`, {
      hint: 'the API server, or a proxy before it, does not list as Kubernetes does',
    });
  }
}
