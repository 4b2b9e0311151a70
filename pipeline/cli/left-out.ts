import type { LeftOut } from '../ports.ts';
import { note } from './print.ts';

/** Says on standard error which record is left out, and how to repair it. */
export const sayLeftOut: LeftOut = ({ message }) => note(`Left out: ${message}`);
