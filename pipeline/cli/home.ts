import { resolve } from 'node:path';

/** The folder in the working directory where runs on this machine keep all their state. */
export const home = (): string => resolve('.mlops');
