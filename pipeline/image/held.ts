/**
 * How long an image must stay in its repository: as long as judged candidates are kept, or always, for what was the
 * champion or is an anchor.
 */
export type Hold = 'judged' | 'always';

/** The start of the tags by which the rules of the repositories (infra/foundation/images.ts) tell what must stay. */
export const holdPrefix = { judged: 'judged-', always: 'keep-' } as const satisfies Record<Hold, string>;

/**
 * The tag that holds an image: one an image, whatever uses it, since ECR allows an image a thousand tags.
 * @param digest - `sha256:...`
 */
export const holdTag = (hold: Hold, digest: string): string =>
  `${holdPrefix[hold]}${digest.replace('sha256:', '')}`;
