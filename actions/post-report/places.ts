import { cleanText } from '../../pipeline/report/clean-text.ts';
import type { GitHub } from '../shared/github.ts';
import type { Entry, Place } from './sticky.ts';

interface Repository {
  owner: string;
  repo: string;
}

/** The comments of a pull request, the first one first. */
export function commentsOf(github: GitHub, where: Repository, pullRequest: number): Place {
  const of = { ...where, issue_number: pullRequest };
  const one = (id: Entry['id']) => ({ ...where, comment_id: Number(id) });
  return {
    async *list() {
      const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments';
      for await (const { data } of github.paginate.iterator(route, { ...of, per_page: 100 }))
        yield data.map((comment) => entryOf(comment));
    },
    create: async (body) =>
      entryOf(
        (await github.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { ...of, body }))
          .data,
      ),
    update: async (id, body) =>
      entryOf(
        (
          await github.request('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
            ...one(id),
            body,
          })
        ).data,
      ),
    remove: async (id) => {
      await github.request('DELETE /repos/{owner}/{repo}/issues/comments/{comment_id}', one(id));
    },
  };
}

/** The open issues of a repository, the last updated first; `state` is what an update leaves. */
export function issuesOf(
  github: GitHub,
  where: Repository,
  { title, state }: { title: string; state: 'open' | 'closed' },
): Place {
  const one = (id: Entry['id']) => ({ ...where, issue_number: Number(id) });
  const patch = 'PATCH /repos/{owner}/{repo}/issues/{issue_number}';
  return {
    async *list() {
      const route = 'GET /repos/{owner}/{repo}/issues';
      const order = { state: 'open', sort: 'updated', direction: 'desc', per_page: 100 } as const;
      for await (const { data } of github.paginate.iterator(route, { ...where, ...order }))
        yield data.filter((issue) => !issue.pull_request).map((issue) => entryOf(issue, issue.number));
    },
    create: async (body) => {
      const { data } = await github.request('POST /repos/{owner}/{repo}/issues', { ...where, title, body });
      return entryOf(data, data.number);
    },
    update: async (id, body) => {
      const closing = state === 'closed' ? ({ state, state_reason: 'completed' } as const) : {};
      const { data } = await github.request(patch, { ...one(id), title, body, ...closing });
      return entryOf(data, data.number);
    },
    remove: async (id) => {
      await github.request(patch, { ...one(id), state: 'closed', state_reason: 'not_planned' });
    },
  };
}

/** A title of an issue or a check, in which GitHub reads mentions. */
export const titleOf = (text: string): string => cleanText(text, 120).replace(/[@#]/g, '$&\u200b');

function entryOf(
  from: {
    id: number | bigint;
    body?: string | null | undefined;
    user: { login: string } | null;
    html_url: string;
  },
  id: Entry['id'] = from.id,
): Entry {
  return { id, body: from.body ?? '', author: from.user?.login ?? null, url: from.html_url };
}
