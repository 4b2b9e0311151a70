/** Writes the paths of the files in a state folder that later runs need: `node kept-state.js FOLDER LIST`; NUL ends each. */
import { writeFileSync } from 'node:fs';
import { keptFiles } from '../../../pipeline/backends/embedded/state/kept-files.ts';

const [folder = '', list = ''] = process.argv.slice(2);
const files = await keptFiles(folder);
if (files.length === 0) throw new Error(`${folder}: got no file to keep, expected the state of a run`);
writeFileSync(list, files.map((file) => `${file}\0`).join(''));
console.log(`${files.length} files are kept.`);
