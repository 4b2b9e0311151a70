import type { LeftOut } from '../ports.ts';

/** Says on standard error which record is left out, and how to repair it. */
export const sayLeftOut: LeftOut = ({ message }) => console.error(`Left out: ${message}`);
