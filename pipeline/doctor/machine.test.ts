import { expect, test } from '@jest/globals';
import { checkNode, checkPython } from './machine.ts';

test('a Node older than the one that this is tested on is a warning', () => {
  expect(checkNode('24.0.0').outcome).toBe('ok');
  expect(checkNode('26.1.0').outcome).toBe('ok');
  expect(checkNode('22.18.0')).toMatchObject({
    outcome: 'warning',
    mend: expect.stringContaining('npx mlops'),
  });
});

test('no Python: what was found and what to do', async () => {
  process.env.MLOPS_PYTHON = '/nowhere/python';
  try {
    const { outcome, detail, mend } = await checkPython();
    expect(outcome).toBe('problem');
    expect(detail).toBe(
      'expected Python 3.10 or later; MLOPS_PYTHON is /nowhere/python; found none that runs',
    );
    expect(mend).toBe('Install it from python.org or your package manager, or set MLOPS_PYTHON to its path.');
  } finally {
    delete process.env.MLOPS_PYTHON;
  }
});
