// npm test: every check and every test, from a bare clone. The last line is "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks } from './check.mjs';
import { ROOT, setUp } from './setup.mjs';

process.env.CI = 'true';
let exitStatus = 1;
const total = { passed: 0, failed: 0 };
try {
  setUp({ build: false });
  const [checks, tests] = [runChecks(), runTests(process.argv.slice(2))];
  for (const counts of [checks, tests]) {
    total.passed += counts.passed;
    total.failed += counts.failed;
  }
  exitStatus = total.failed === 0 ? 0 : 1;
} catch (error) {
  total.failed += 1;
  console.error(error instanceof Error ? error.message : error);
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = exitStatus;

function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-jest-'));
  const report = join(folder, 'report.json');
  try {
    const jest = join('node_modules', 'jest', 'bin', 'jest.js');
    const { status } = spawnSync(process.execPath, [jest, '--json', '--outputFile', report, ...args], {
      cwd: ROOT,
      // The report goes to the file; what it would print besides is only noise.
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return countTests(status, report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A suite that does not even load, and a Jest that dies, each count as one failure. */
function countTests(status, report) {
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  const skipped = result.numPendingTests + result.numTodoTests;
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites + skipped;
  if (skipped > 0) console.error(`${skipped} tests were skipped, which counts as failed.`);
  return { passed: result.numPassedTests, failed: failed === 0 && status !== 0 ? 1 : failed };
}
