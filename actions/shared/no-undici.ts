/**
 * Stands in bundles for undici, which @actions/http-client needs only for requests through a proxy that are made with
 * fetch: none of ours are. It is half of a megabyte.
 */
export class ProxyAgent {
  constructor() {
    throw new Error('fetch through a proxy: not supported');
  }
}
