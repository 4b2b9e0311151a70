import { resolve } from 'node:path';

/** The folder of all that runs on this machine leave, in the working directory. */
export const home = (): string => resolve('.mlops');
