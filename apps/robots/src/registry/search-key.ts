/** Folds case and spelling for text search; fields are separated by what no query contains. */
export function searchKey(...fields: readonly (string | null | undefined)[]): string {
  return fields.map((field) => fold(field ?? '')).join('\n');
}

/** The LIKE pattern that finds `text` inside of a search key. */
export function searchPattern(text: string): string {
  return `%${fold(text).replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
