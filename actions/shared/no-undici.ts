/**
 * Stands in for undici in the bundles, which it would make half a megabyte larger. @actions/github and
 * @actions/http-client use it to send requests through a proxy; our clients bring the fetch of Node itself.
 */
export const fetch = globalThis.fetch;

/** @actions/github makes one as soon as it is loaded where HTTPS_PROXY is set, so this one may exist and does nothing. */
export class ProxyAgent {}
