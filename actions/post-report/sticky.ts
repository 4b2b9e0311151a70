import { type GitHub, statusOf } from '../shared/github.ts';

/** A comment or an issue: something with a text by somebody. */
export interface Entry {
  /** By which GitHub finds it again: a comment's id, an issue's number. */
  id: number | bigint;
  body: string;
  /** Login; null where the account is gone. */
  author: string | null;
  url: string;
}

/** Where entries are: the comments of a pull request, the open issues of a repository. */
export interface Place {
  /** Page by page. */
  list(): AsyncIterable<Entry[]>;
  create(body: string): Promise<Entry>;
  update(id: Entry['id'], body: string): Promise<Entry>;
  /** Deletes it, or closes what cannot be deleted. */
  remove(id: Entry['id']): Promise<void>;
}

/** Whose the entries are that a token writes: `github-actions[bot]` for a workflow's own. */
const workflows = 'github-actions[bot]';

/**
 * Keeps one entry with a mark in a place. Others may write the same mark at the same time or post it to mislead: only the
 * token's own entries count, and whoever has created one too many takes it back.
 */
export class Sticky {
  readonly #place: Place;
  /** The entry's first line. */
  readonly #mark: string;
  readonly #github: GitHub;
  /** A workflow's own token, as far as can be seen. */
  readonly #isWorkflows: boolean;
  #login: Promise<string | null> | null = null;

  constructor(place: Place, { mark, github, token }: { mark: string; github: GitHub; token: string }) {
    this.#place = place;
    this.#mark = mark;
    this.#github = github;
    this.#isWorkflows = !/^(?:ghp|gho|ghu|github_pat)_/.test(token);
  }

  /** The entry with this text, updated or created. */
  async put(body: string): Promise<Entry> {
    return (await this.update(body)) ?? (await this.#settle(await this.#place.create(body), body));
  }

  /** The entry, updated; null where there is none. */
  async update(body: string): Promise<Entry | null> {
    const [first, ...others] = await this.#find();
    if (first === undefined) return null;
    const updated = await unlessGone(this.#place.update(first.id, body));
    // Of a run that was ended while it took its own back.
    if (updated !== null) await this.#remove(others);
    return updated;
  }

  /** Of several created at the same time the first one stays: GitHub cannot create on a condition. */
  async #settle(created: Entry, body: string): Promise<Entry> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const own = await this.#all((entries) => entries.filter(({ author }) => author === created.author));
      const [first, ...others] = own.sort((a, b) => (a.id < b.id ? -1 : 1));
      if (first === undefined || first.id >= created.id) {
        const last = others.at(-1);
        if (last === undefined) return created;
        // One at a time: who is still at work takes its own back.
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

  /** The token's own entries with the mark on the first page that has one. */
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

  /** Asks GitHub who the token is only where somebody else's entry has the mark. */
  async #own(marked: Entry[]): Promise<Entry[]> {
    const by = (login: string | null) => marked.filter(({ author }) => author !== null && author === login);
    if (this.#isWorkflows && by(workflows).length > 0) return by(workflows);
    if (marked.length === 0) return [];
    this.#login ??= this.#whoAmI();
    return by(await this.#login);
  }

  /** REST does not tell an app's token who it is. */
  async #whoAmI(): Promise<string | null> {
    try {
      const { viewer } = await this.#github.graphql<{ viewer: { login: string } }>('{ viewer { login } }');
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
