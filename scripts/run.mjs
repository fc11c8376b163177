// node scripts/run.mjs <file in dist> [arguments]: sets up like npm start, then runs a compiled program.
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { setUp } from './setup.mjs';

const [program = '', ...args] = process.argv.slice(2);
try {
  setUp();
  process.argv.splice(1, process.argv.length, resolve(program), ...args);
  await import(pathToFileURL(resolve(program)).href);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
