import { afterAll, jest } from '@jest/globals';
import { removeWorkspaces } from './workspace.fixture.ts';

export { type Finished, Running, stackTrace, Workspace } from './workspace.fixture.ts';

// Processes of a busy machine.
jest.setTimeout(120_000);
afterAll(removeWorkspaces);
