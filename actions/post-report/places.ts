import { cleanText } from '../../pipeline/report/clean-text.ts';
import type { Octokit } from '../shared/github.ts';
import type { Entry, Place } from './sticky.ts';

interface Repository {
  owner: string;
  repo: string;
}

/** The comments of a pull request, oldest first. */
export function commentsOf(octokit: Octokit, repository: Repository, issue_number: number): Place {
  return {
    async *list() {
      const request = { ...repository, issue_number, per_page: 100 };
      for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listComments, request))
        yield data.map((comment) => entryOf(comment));
    },
    async create(body) {
      const { data } = await octokit.rest.issues.createComment({ ...repository, issue_number, body });
      return entryOf(data);
    },
    async update(id, body) {
      const { data } = await octokit.rest.issues.updateComment({
        ...repository,
        comment_id: Number(id),
        body,
      });
      return entryOf(data);
    },
    async remove(id) {
      await octokit.rest.issues.deleteComment({ ...repository, comment_id: Number(id) });
    },
  };
}

/** The open issues of a repository, last updated first. An update leaves the issue in `state`. */
export function issuesOf(
  octokit: Octokit,
  repository: Repository,
  { title, state }: { title: string; state: 'open' | 'closed' },
): Place {
  return {
    async *list() {
      const order = { state: 'open', sort: 'updated', direction: 'desc' } as const;
      const request = { ...repository, ...order, per_page: 100 };
      for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listForRepo, request))
        yield data.filter((issue) => !issue.pull_request).map((issue) => entryOf(issue, issue.number));
    },
    async create(body) {
      const { data } = await octokit.rest.issues.create({ ...repository, title, body });
      return entryOf(data, data.number);
    },
    async update(id, body) {
      const closing = state === 'closed' ? ({ state, state_reason: 'completed' } as const) : {};
      const issue = { ...repository, issue_number: Number(id), title, body, ...closing };
      const { data } = await octokit.rest.issues.update(issue);
      return entryOf(data, data.number);
    },
    async remove(id) {
      const issue_number = Number(id);
      await octokit.rest.issues.update({
        ...repository,
        issue_number,
        state: 'closed',
        state_reason: 'not_planned',
      });
    },
  };
}

/** So many pages of closed issues, those updated last, may have the one that is looked for. */
const mostClosedPages = 10;

/**
 * The issues of a repository, open ones first, then those that were closed; last updated first. An update leaves the issue with
 * the title and in the state that are given; null: it is only read.
 */
export function lookIssues(
  octokit: Octokit,
  repository: Repository,
  given: { title: string; state: 'open' | 'closed' } | null,
): Place {
  const open = issuesOf(octokit, repository, { title: given?.title ?? '', state: 'open' });
  const wanted = () => {
    if (given === null) throw new Error('got a change of an issue, expected only a look at it');
    return given;
  };
  return {
    async *list() {
      for await (const page of open.list()) yield page;
      const order = { state: 'closed', sort: 'updated', direction: 'desc' } as const;
      const request = { ...repository, ...order, per_page: 100 };
      let pages = 0;
      for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listForRepo, request)) {
        yield data.filter((issue) => !issue.pull_request).map((issue) => entryOf(issue, issue.number));
        if (++pages === mostClosedPages) return;
      }
    },
    async create(body) {
      wanted();
      return await open.create(body);
    },
    async update(id, body) {
      const { title, state } = wanted();
      const reason = state === 'closed' ? 'completed' : 'reopened';
      const { data } = await octokit.rest.issues.update({
        ...repository,
        issue_number: Number(id),
        title,
        body,
        state,
        state_reason: reason,
      });
      return entryOf(data, data.number);
    },
    remove: (id) => open.remove(id),
  };
}

/** The title of an issue or a check. A zero-width space after @ and # keeps GitHub from reading mentions in it. */
export const titleOf = (text: string): string => cleanText(text, 120).replace(/[@#]/g, '$&\u200b');

function entryOf(
  from: {
    id: number | bigint;
    body?: string | null | undefined;
    user: { login: string } | null;
    html_url: string;
    state?: string;
  },
  id: Entry['id'] = from.id,
): Entry {
  return {
    id,
    body: from.body ?? '',
    author: from.user?.login ?? null,
    url: from.html_url,
    ...(from.state !== undefined && { isOpen: from.state === 'open' }),
  };
}
