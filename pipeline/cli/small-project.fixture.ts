import { Workspace } from './cli.fixture.ts';
import { smallFiles } from './small-files.fixture.ts';

export { behave, smallConfig, smallData } from './small-files.fixture.ts';

/** A working directory with the small project. */
export const smallProject = (): Workspace => new Workspace().write(smallFiles());
