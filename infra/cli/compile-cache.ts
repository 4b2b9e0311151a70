import { join } from 'node:path';
import { repository } from '../../pipeline/repository.ts';

/** Folder of what Node compiled: half of a synth's time, kept from the first on where the folder can be written. */
export const compileCache: string = join(repository, 'node_modules/.cache/mlops');
