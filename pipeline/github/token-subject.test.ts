import { expect, test } from '@jest/globals';
import { subjectPrefix } from './token-subject.ts';

const repository = {
  id: 456789,
  name: 'churn',
  created_at: '2024-01-01T00:00:00Z',
  owner: { id: 123456, login: 'octo-org' },
};
const plain = 'repo:octo-org/churn';
const withIds = 'repo:octo-org@123456/churn@456789';

test.each([
  ['what GitHub says it sends', { sub_claim_prefix: withIds }, '2024-01-01T00:00:00Z', withIds],
  ['what GitHub says, against the age', { sub_claim_prefix: plain }, '2026-09-01T00:00:00Z', plain],
  [
    'its flag: a repository renamed since sends ids',
    { use_immutable_subject: true },
    '2024-01-01T00:00:00Z',
    withIds,
  ],
  ['its flag: off', { use_immutable_subject: false }, '2026-09-01T00:00:00Z', plain],
  ['the age, where GitHub says nothing: old', {}, '2026-07-14T23:59:59Z', plain],
  ['the age, where GitHub says nothing: new', {}, '2026-07-15T00:00:00Z', withIds],
])('the subject is %s', (_, template, created_at, expected) => {
  expect(subjectPrefix({ ...repository, created_at }, { use_default: true, ...template })).toBe(expected);
});

test('a subject that cannot be trusted exactly is refused', () => {
  expect(() => subjectPrefix(repository, { use_default: false })).toThrow(
    /customized.*expected GitHub's default/,
  );
  expect(() =>
    subjectPrefix(repository, { use_default: true, sub_claim_prefix: 'repo:evil@1/churn@456789' }),
  ).toThrow(/got the OIDC subject prefix repo:evil@1/);
  expect(() => subjectPrefix({ ...repository, created_at: 'soon' }, { use_default: true })).toThrow(/"soon"/);
});
