/** The chance that a package at the limit is ever said to have breached it. */
export const BREACH = 0.05;
