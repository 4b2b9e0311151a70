/**
 * Sets the status of the commit SHA that a merge may require, from the report REPORT. FORK=true says that a fork's own run
 * made the report.
 */
import { existsSync, readFileSync } from 'node:fs';
import { cleanOutput } from '../../../pipeline/report/clean-text.ts';
import { repository, tell } from '../github.ts';
import { statusContext, statusOf } from '../verdict-status.ts';

const { SHA = '', REPORT = '', FORK, RUN_URL } = process.env;
const text = existsSync(REPORT) ? readFileSync(REPORT, 'utf8') : null;
const { state, description } = statusOf(text, { fork: FORK === 'true' });
const status = { context: statusContext, state, description, target_url: RUN_URL };
await tell(`/repos/${repository()}/statuses/${SHA}`, status);
console.log(cleanOutput(`${statusContext}: ${state}. ${description}`));
