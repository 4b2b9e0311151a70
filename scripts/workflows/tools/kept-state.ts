/**
 * Writes the paths of the files in a state folder that later runs need and an artifact may hold: `node kept-state.js FOLDER
 * LIST`. NUL ends each path.
 */
import { writeFileSync } from 'node:fs';
import { keptFiles } from '../../../pipeline/backends/embedded/state/kept-files.ts';
import { holdsRows } from '../../../pipeline/backends/embedded/state/row-files.ts';
import { whyNoRows } from '../public-rows.ts';

const [folder = '', list = ''] = process.argv.slice(2);
const why = await whyNoRows('mlops.yaml', process.env.ROWS_IN_ARTIFACTS);
const files = (await keptFiles(folder)).filter((path) => why === null || !holdsRows(path));
if (files.length === 0) throw new Error(`${folder}: got no file to keep, expected the state of a run`);
writeFileSync(list, files.map((file) => `${file}\0`).join(''));
console.log(`${files.length} files are kept${why === null ? '' : `, none with rows: ${why}`}.`);
