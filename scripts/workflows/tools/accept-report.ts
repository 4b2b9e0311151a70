/**
 * Copies a report that a fork's run made: `node accept-report.js FROM TO`. Writes only a file that parses as a report within
 * its bounds, and adds a note that says where it comes from.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseReport } from '../../../pipeline/report/parse-report.ts';

const [from = '', to = ''] = process.argv.slice(2);
const report = parseReport(readFileSync(from, 'utf8'));
report.notes.unshift("Made by the fork's own run: nothing in it has been verified.");
report.links = [];
writeFileSync(to, JSON.stringify(report));
