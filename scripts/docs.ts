import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'prettier';
import { toAsyncApi } from '#libs/contracts';
import { conformancePage } from './docs/conformance.js';
import { openApiDocument } from './docs/openapi.js';
import { errorsPage, routesPage, subjectsPage } from './docs/reference.js';
import { settingsPage } from './docs/settings.js';

/** Path → text of every generated document. */
type Documents = Readonly<Record<string, string>>;

async function generate(): Promise<Documents> {
  const { version } = readPackage();
  const raw: Documents = {
    'docs/subjects.md': subjectsPage(),
    'docs/routes.md': routesPage(),
    'docs/errors.md': errorsPage(),
    'docs/settings.md': settingsPage(),
    'docs/conformance.md': conformancePage(),
    'docs/asyncapi.json': JSON.stringify(toAsyncApi(version)),
    'docs/openapi.json': JSON.stringify(await openApiDocument()),
  };
  const entries = Object.entries(raw).map(async ([path, text]) => [path, await pretty(path, text)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function pretty(path: string, text: string): Promise<string> {
  const parser = path.endsWith('.json') ? 'json' : 'markdown';
  return format(text, { parser, printWidth: 120, singleQuote: true });
}

function readPackage(): { version: string } {
  const parsed: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && typeof parsed.version === 'string') {
    return { version: parsed.version };
  }
  throw new Error('package.json has no version');
}

function outdated(documents: Documents): string[] {
  return Object.keys(documents).filter((path) => !existsSync(path) || readFileSync(path, 'utf8') !== documents[path]);
}

function write(documents: Documents): void {
  for (const [path, text] of Object.entries(documents)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote ${path}`);
  }
}

/** Writes the generated documents, or with `--check` fails when a committed one differs. */
export async function main(args: readonly string[]): Promise<number> {
  const documents = await generate();
  if (!args.includes('--check')) {
    write(documents);
    return 0;
  }
  const differing = outdated(documents);
  for (const path of differing) console.error(`${path} is not what the sources say: run "npm run docs" and commit it.`);
  return differing.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exit(await main(process.argv.slice(2)));
