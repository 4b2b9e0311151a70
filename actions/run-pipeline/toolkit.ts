/** The part of the runner's toolkit that the action uses. */
export interface Toolkit {
  saveState(name: string, value: string): void;
  setSecret(secret: string): void;
  getIDToken(audience: string): Promise<string>;
  summary: { addRaw(text: string, newLine?: boolean): { write(): Promise<unknown> } };
}
