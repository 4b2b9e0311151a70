import { cleanText } from './clean-text.ts';

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text from users as HTML text or as the value of a quoted attribute. */
export function escapeHtml(text: string, most = 2000): string {
  return cleanText(text, most).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
