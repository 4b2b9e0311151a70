/**
 * Replaces undici, which would make the bundles half a megabyte larger. @actions/github and @actions/http-client use undici
 * to send requests through a proxy; our clients use Node's own fetch.
 */
export const fetch = globalThis.fetch;

/** @actions/github creates one on import if HTTPS_PROXY is set, so the class has to exist; it does nothing. */
export class ProxyAgent {}
