/**
 * Reads paths of files in a state folder from standard input and writes those that an artifact may hold: `node
 * publishable-files.js CONFIG`. NUL ends each path.
 */
import { text } from 'node:stream/consumers';
import { holdsRows } from '../../../pipeline/backends/embedded/state/row-files.ts';
import { whyNoRows } from '../public-rows.ts';

const [config = 'mlops.yaml'] = process.argv.slice(2);
const files = (await text(process.stdin)).split('\0').filter((path) => path !== '');
const why = await whyNoRows(config, process.env.ROWS_IN_ARTIFACTS);
const told = why === null ? files : files.filter((path) => !holdsRows(path.replace(/^\.\//, '')));
if (why !== null) console.error(`${files.length - told.length} files with rows are in no artifact: ${why}.`);
process.stdout.write(told.map((path) => `${path}\0`).join(''));
