import { readFileSync } from 'node:fs';

/** One fenced block of a Markdown text. */
interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

const FENCE = /^```(\w+)\n([\s\S]*?)^```$/gm;

/** The README's code blocks in their order. */
export function readmeBlocks(): readonly CodeBlock[] {
  const markdown = readFileSync('README.md', 'utf8');
  return [...markdown.matchAll(FENCE)].map(([, language = '', code = '']) => ({ language, code }));
}

/** The one block of a language that contains a text. @throws Error when there is none or several */
export function blockWith(blocks: readonly CodeBlock[], language: string, text: string): string {
  const [found, ...more] = blocks.filter((block) => block.language === language && block.code.includes(text));
  if (found === undefined) throw new Error(`README.md has no block of ${language} with "${text}"`);
  if (more.length > 0) {
    throw new Error(`README.md has ${1 + more.length} blocks of ${language} with "${text}"`);
  }
  return found.code;
}

/** First cells of the rows of the Markdown table whose head starts with `head`, without their backticks. */
export function firstColumn(markdown: string, head: string): readonly string[] {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} `));
  if (start < 0) throw new Error(`README.md has no table that starts with ${head}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, end).map((line) => (line.split('|')[1] ?? '').replaceAll('`', '').trim());
}
