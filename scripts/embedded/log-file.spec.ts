import { closeSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogFile } from './log-file.js';

const MAX_BYTES = 100;

describe('a log file', () => {
  let directory: string;
  let path: string;
  let log: LogFile;
  const descriptors: number[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'muster-log-'));
    path = join(directory, 'logs', 'robots.log');
    log = new LogFile(path, MAX_BYTES);
  });

  afterEach(() => {
    log.rest();
    for (const descriptor of descriptors.splice(0)) closeSync(descriptor);
    rmSync(directory, { recursive: true, force: true });
  });

  function open(file: LogFile): number {
    const descriptor = file.open();
    descriptors.push(descriptor);
    return descriptor;
  }

  /** A whole life of the supervisor that writes one line. */
  function runOnce(line: string): void {
    const file = new LogFile(path, MAX_BYTES);
    writeSync(open(file), line);
    file.rest();
  }

  it('keeps the log of the run before, and no older one', () => {
    runOnce('first\n');
    runOnce('second\n');
    writeSync(open(log), 'third\n');
    expect(log.read()).toBe('third\n');
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('second\n');
    expect(existsSync(`${path}.2`)).toBe(false);
  });

  it('keeps the last log with lines when a run wrote none', () => {
    runOnce('first\n');
    runOnce('');
    open(log);
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('first\n');
  });

  it('goes on in the same log when the process is started again', () => {
    writeSync(open(log), 'before the crash\n');
    log.rest();
    writeSync(open(log), 'after it\n');
    expect(log.read()).toBe('before the crash\nafter it\n');
  });

  it('sets a log aside that outgrows its bound, while its writer keeps writing', () => {
    const writer = open(log);
    writeSync(writer, 'x'.repeat(MAX_BYTES));
    log.bound();
    expect(log.read()).toHaveLength(MAX_BYTES);
    writeSync(writer, 'one too many\n');
    log.bound();
    writeSync(writer, 'next\n');
    expect(log.read()).toBe('next\n');
    expect(readFileSync(`${path}.1`, 'utf8')).toMatch(/^x{100}one too many\n$/);
  });

  it('lets the old lines go when there is no room to keep them', () => {
    const complaint = jest.spyOn(console, 'error').mockImplementation();
    const writer = open(log);
    mkdirSync(`${path}.1`);
    writeSync(writer, 'x'.repeat(MAX_BYTES + 1));
    log.bound();
    expect(log.read()).toBe('');
    expect(complaint).toHaveBeenCalledTimes(1);
    complaint.mockRestore();
  });

  it('is readable by its owner alone, as is the one before', () => {
    runOnce('first\n');
    writeSync(open(log), 'x'.repeat(MAX_BYTES + 1));
    log.bound();
    expect([path, `${path}.1`].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
  });

  it('is empty before anything was written', () => {
    expect(log.read()).toBe('');
  });
});
