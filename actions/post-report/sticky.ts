import type { Octokit } from '../shared/github.ts';
import { statusOf } from '../shared/github-error.ts';

/** A comment or an issue. */
export interface Entry {
  /** A comment's id or an issue's number. */
  id: number | bigint;
  body: string;
  /** The login; null if the account was deleted. */
  author: string | null;
  url: string;
  /** Of an issue: whether it is open. */
  isOpen?: boolean;
}

/** A list of entries: the comments of a pull request, or the open issues of a repository. */
export interface Place {
  /** Page by page. */
  list(): AsyncIterable<Entry[]>;
  create(body: string): Promise<Entry>;
  update(id: Entry['id'], body: string): Promise<Entry>;
  /** Deletes a comment, closes an issue. */
  remove(id: Entry['id']): Promise<void>;
}

/** The login under which a workflow's own token writes. */
const workflowLogin = 'github-actions[bot]';

/**
 * Keeps one entry that starts with a mark. Other runs may create one at the same time, so a run whose entry is not the first
 * removes it. Anybody may post the mark to mislead, so only entries of the token's own author count.
 */
export class Sticky {
  readonly #place: Place;
  /** The entry's first line. */
  readonly #mark: string;
  readonly #octokit: Octokit;
  /** Whether the token looks like a workflow's own, and not like a person's. */
  readonly #isWorkflows: boolean;
  #login: Promise<string | null> | null = null;

  constructor(place: Place, { mark, octokit, token }: { mark: string; octokit: Octokit; token: string }) {
    this.#place = place;
    this.#mark = mark;
    this.#octokit = octokit;
    this.#isWorkflows = !/^(?:ghp|gho|ghu|github_pat)_/.test(token);
  }

  /** The entry as it is; null if there is none. */
  async find(): Promise<Entry | null> {
    return (await this.#find())[0] ?? null;
  }

  /** Updates or creates the entry. */
  async put(body: string): Promise<Entry> {
    return (await this.update(body)) ?? (await this.#settle(await this.#place.create(body), body));
  }

  /** Updates the entry; null if there is none. */
  async update(body: string): Promise<Entry | null> {
    const [first, ...others] = await this.#find();
    if (first === undefined) return null;
    const updated = await unlessGone(this.#place.update(first.id, body));
    // Runs that were killed before they removed their own entries left these.
    if (updated !== null) await this.#remove(others);
    return updated;
  }

  /** GitHub has no conditional create, so of several entries created at the same time the first one stays. */
  async #settle(created: Entry, body: string): Promise<Entry> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const own = await this.#all((entries) => entries.filter(({ author }) => author === created.author));
      const [first, ...others] = own.sort((a, b) => (a.id < b.id ? -1 : 1));
      if (first === undefined || first.id >= created.id) {
        const last = others.at(-1);
        if (last === undefined) return created;
        // One at a time, because runs that are still at work remove their own.
        await this.#remove([last]);
        continue;
      }
      const updated = await unlessGone(this.#place.update(first.id, body));
      if (updated === null) continue;
      await this.#remove([created]);
      return updated;
    }
    return created;
  }

  async #remove(entries: Entry[]): Promise<void> {
    for (const { id } of entries) await unlessGone(this.#place.remove(id));
  }

  /** The token's own entries on the first page that has any. */
  async #find(): Promise<Entry[]> {
    for await (const page of this.#place.list()) {
      const own = await this.#own(this.#marked(page));
      if (own.length > 0) return own;
    }
    return [];
  }

  async #all(choose: (entries: Entry[]) => Entry[]): Promise<Entry[]> {
    const found: Entry[] = [];
    for await (const page of this.#place.list()) found.push(...choose(this.#marked(page)));
    return found;
  }

  #marked(entries: Entry[]): Entry[] {
    return entries.filter(({ body }) => body.startsWith(this.#mark));
  }

  /** Asks GitHub who the token's author is only if somebody else's entry has the mark. */
  async #own(marked: Entry[]): Promise<Entry[]> {
    const by = (login: string | null) => marked.filter(({ author }) => author !== null && author === login);
    if (this.#isWorkflows && by(workflowLogin).length > 0) return by(workflowLogin);
    if (marked.length === 0) return [];
    this.#login ??= this.#whoAmI();
    return by(await this.#login);
  }

  /** GraphQL tells an app's token who it is; REST does not. */
  async #whoAmI(): Promise<string | null> {
    try {
      const { viewer } = await this.#octokit.graphql<{ viewer: { login: string } }>('{ viewer { login } }');
      return viewer.login;
    } catch (error) {
      const status = statusOf(error) ?? 400;
      if (status >= 500 || status === 429) throw error;
      return null;
    }
  }
}

async function unlessGone<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 410) return null;
    throw error;
  }
}
