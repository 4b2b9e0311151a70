import { expect, test } from '@jest/globals';
import { repositoryOfRemote } from './origin-repository.ts';

test.each([
  ['https://github.com/octo/churn.git', 'octo/churn'],
  ['https://x-access-token:secret@github.com/octo/churn', 'octo/churn'],
  ['git@github.com:octo/churn.git', 'octo/churn'],
  ['ssh://git@github.com/octo/churn.git\n', 'octo/churn'],
  ['https://github.com.evil.example/octo/churn', undefined],
  ['https://gitlab.com/octo/churn.git', undefined],
  ['', undefined],
])('remote %s is repository %s', (url, expected) => {
  expect(repositoryOfRemote(url)).toBe(expected);
});
